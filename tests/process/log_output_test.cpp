#include <array>
#include <csignal>
#include <string>
#include <system_error>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "logs/log_files.hpp"
#include "os/descriptors.hpp"
#include "os/signals.hpp"
#include "process/temp_directory.hpp"

namespace spider_check {

namespace {

/** A pipe, or the two ends of a terminal. */
struct Ends {
  FileDescriptor ours;
  FileDescriptor theirs;
};

Ends make_ends() {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  return {FileDescriptor(Adopt{}, ends[0]), FileDescriptor(Adopt{}, ends[1])};
}

Ends make_terminal() {
  FileDescriptor ours(Adopt{}, ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(::grantpt(ours.get()) == 0);
  REQUIRE(::unlockpt(ours.get()) == 0);
  std::array<char, 64> name{};
  REQUIRE(::ptsname_r(ours.get(), name.data(), name.size()) == 0);
  FileDescriptor theirs(Adopt{}, ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(static_cast<bool>(theirs));
  return {std::move(ours), std::move(theirs)};
}

/** What has been written by now. */
std::string seen(const Ends& ends) {
  std::array<char, 4096> buffer{};
  const auto got = ::read(ends.ours.get(), buffer.data(), buffer.size());
  REQUIRE(got > 0);
  return {buffer.data(), static_cast<std::size_t>(got)};
}

const std::string hostile = "a\x1b[2Jb\xC3";

}  // namespace

TEST_CASE("a pipe gets the very bytes") {
  const auto ends = make_ends();
  LogOutput output(ends.theirs.get());
  CHECK(output.write(hostile));
  CHECK(output.end_log());
  CHECK(seen(ends) == hostile);
}

TEST_CASE("a terminal gets what is harmless, and half a character when its log has ended") {
  const auto ends = make_terminal();
  LogOutput output(ends.theirs.get());
  CHECK(output.write(hostile));
  CHECK(seen(ends) == "a\\x1b[2Jb");
  CHECK(output.end_log());
  CHECK(seen(ends) == "\\xc3");
}

TEST_CASE("an output without a reader is told, and is no error") {
  set_dispositions();
  auto ends = make_ends();
  ends.ours.close();
  LogOutput output(ends.theirs.get());
  CHECK_FALSE(output.write("a"));
  std::signal(SIGPIPE, SIG_DFL);
}

TEST_CASE("a terminal that is gone has no reader") {
  auto ends = make_terminal();
  ends.ours.close();
  LogOutput output(ends.theirs.get());
  CHECK_FALSE(output.write("a"));
}

TEST_CASE("an output that takes nothing more is an error with the reason") {
  const FileDescriptor full(Adopt{}, ::open("/dev/full", O_WRONLY | O_CLOEXEC));
  LogOutput output(full.get());
  CHECK_THROWS_WITH_AS((void)output.write("a"),
                       "cannot write to standard output: No space left on device",
                       std::system_error);
}

TEST_CASE("a log is read on from where it was, and anew when it was emptied") {
  const test::TempDirectory directory;
  const LogDirectory logs(directory.path(), "default");
  const auto log = directory.write("default/a/run-1-attempt-1.log", "first");
  const auto ends = make_ends();
  LogOutput output(ends.theirs.get());
  LogReader reader(logs, log);
  CHECK(reader.show_new(output));
  { std::ofstream(log, std::ios::app) << " and more"; }
  CHECK(reader.show_new(output));
  CHECK(seen(ends) == "first and more");
  directory.write("default/a/run-1-attempt-1.log", "new");
  CHECK(reader.show_new(output));
  CHECK(seen(ends) == "new");
}

TEST_CASE("only a file of its own is read") {
  const test::TempDirectory directory;
  const LogDirectory logs(directory.path(), "default");
  const auto file = directory.write("file", "secret");
  const auto link = directory.path() / "default/a/run-1-attempt-1.log";
  std::filesystem::create_directories(link.parent_path());
  std::filesystem::create_symlink(file, link);
  CHECK_THROWS_AS(LogReader(logs, link), std::system_error);
  CHECK_THROWS_AS(LogReader(logs, file), std::system_error);
  CHECK_THROWS_AS(LogReader(logs, directory.path()), std::system_error);
  const auto none = link.parent_path() / "run-2-attempt-1.log";
  CHECK_THROWS_WITH_AS(LogReader(logs, none),
                       ("cannot read " + none.string() + ": No such file or directory").c_str(),
                       std::system_error);
}

}  // namespace spider_check
