// What a program makes of the descriptors and limits that it was started with.
#include "os/descriptors.hpp"

#include <doctest/doctest.h>

#include "os/child.hpp"
#include "process/child_program.hpp"
#include "process/pipe.hpp"
#include "process/printing.hpp"
#include "process/temp_directory.hpp"

namespace spider_check {

namespace {

/** What the program finds that a shell starts so: "all" or "fewer" as the limit allows, and what is
 * open. */
std::string settled(const std::string& redirections, const std::vector<std::string>& words = {},
                    const std::string& before = ":") {
  const test::TempDirectory directory;
  const auto file = (directory.path() / "said").string();
  std::string text = before + "; exec " + std::filesystem::read_symlink("/proc/self/exe").string() +
                     " --child settle " + file;
  for (const auto& word : words) text += " '" + word + "'";
  Child child({{"bash", "-c", text + " " + redirections}, {}, STDOUT_FILENO, STDERR_FILENO});
  test::wait_until_readable(child.fd());
  CHECK(child.reap().termination == Termination{Exited{0}});
  return test::read_file(file);
}

}  // namespace

TEST_CASE("standard descriptors that are closed are opened") {
  for (const auto* closed : {"", "<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"}) {
    CHECK(settled(closed) == "all 0 1 2\n");
  }
}

TEST_CASE("inherited descriptors are closed, but for those that are named") {
  const std::string open = "3</dev/null 4</dev/null 9</dev/null 64</dev/null";
  CHECK(settled(open) == "all 0 1 2\n");
  CHECK(settled(open, {"-c", "/dev/fd/9"}) == "all 0 1 2 9\n");
  CHECK(settled(open, {"--config=/proc/self/fd/64", "-c/dev/fd/3"}) == "all 0 1 2 3 64\n");
  CHECK(settled(open, {}, "export SPIDER_CHECK_CONFIG=/dev/fd/4") == "all 0 1 2 4\n");
  CHECK(settled(open, {}, "export PGPASSFILE=/dev/fd/9") == "all 0 1 2 9\n");
  CHECK(settled(open, {"/dev/fd/", "/dev/fd/x", "/dev/fd/-3", "/dev/fd/77777777777777777777"}) ==
        "all 0 1 2\n");
}

TEST_CASE(
    "as many descriptors can be opened as the hard limit allows, and children do not see it") {
  CHECK(settled("", {}, "ulimit -Sn 20") == "all 0 1 2\n");
  test::ReadablePipe out;
  const Child child({test::self({"limit-of-child"}), {}, out.write_end.get(), STDERR_FILENO});
  CHECK(out.read_all() == "50\n");
}

TEST_CASE("a write beyond the limit of a file's size fails and ends nothing") {
  const test::TempDirectory directory;
  Child child({test::self({"write-too-much", (directory.path() / "file").string()}),
               {},
               STDOUT_FILENO,
               STDERR_FILENO});
  test::wait_until_readable(child.fd());
  CHECK(child.reap().termination == Termination{Exited{0}});
}

}  // namespace spider_check
