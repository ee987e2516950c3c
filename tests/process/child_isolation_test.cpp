// What a child gets from this program, and what it does not.
#include <csignal>
#include <cstdlib>
#include <map>
#include <sstream>

#include <doctest/doctest.h>

#include "os/child.hpp"
#include "process/child_program.hpp"
#include "process/pipe.hpp"
#include "process/temp_directory.hpp"

namespace spider_check {

namespace {

/** What a child says with this program's words. */
std::string output_of(const std::vector<std::string>& words,
                      const std::filesystem::path& working_directory = {}) {
  test::ReadablePipe out;
  const Child child({test::self(words), working_directory, out.write_end.get(), STDERR_FILENO});
  return out.read_all();
}

/** A child's report on itself, by the names of its lines. */
std::map<std::string, std::string> report(const std::filesystem::path& working_directory = {}) {
  std::map<std::string, std::string> report;
  std::istringstream lines(output_of({"report"}, working_directory));
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(": ");
    report[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return report;
}

/** Whether a signal is in a set as /proc writes it: bit N-1 for signal N. */
bool contains(const std::string& set, int signal) {
  return (std::stoull(set, nullptr, 16) >> static_cast<unsigned>(signal - 1) & 1U) != 0;
}

/** Blocks signals and ignores one for one test. */
class ScopedSignals {
 public:
  explicit ScopedSignals(int ignored) : ignored_(ignored), handler_(std::signal(ignored, SIG_IGN)) {
    sigset_t some;
    sigemptyset(&some);
    for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&some, signal);
    ::sigprocmask(SIG_BLOCK, &some, &before_);
  }

  ScopedSignals(const ScopedSignals&) = delete;
  ScopedSignals& operator=(const ScopedSignals&) = delete;
  ScopedSignals(ScopedSignals&&) = delete;
  ScopedSignals& operator=(ScopedSignals&&) = delete;

  ~ScopedSignals() {
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
    std::signal(ignored_, handler_);
  }

 private:
  int ignored_;
  void (*handler_)(int);
  sigset_t before_{};
};

std::string own_environment() {
  std::string text;
  for (char** entry = environ; *entry != nullptr; ++entry) text += std::string(*entry) + '\0';
  return text;
}

}  // namespace

TEST_CASE("a child leads a session and a process group of its own") {
  const auto child = report();
  CHECK(child.at("leads its session") == "yes");
  CHECK(child.at("leads its group") == "yes");
}

TEST_CASE("a child's stdin is /dev/null") {
  CHECK(report().at("stdin") == "/dev/null");
}

TEST_CASE("a child starts with no signal blocked and with SIGPIPE at its default") {
  const ScopedSignals signals(SIGPIPE);
  const auto child = report();
  CHECK(child.at("blocked") == "0000000000000000");
  CHECK_FALSE(contains(child.at("ignored"), SIGPIPE));
}

TEST_CASE("the limit of a file's size ends a child as it does without this program") {
  const ScopedSignals signals(SIGXFSZ);
  CHECK_FALSE(contains(report().at("ignored"), SIGXFSZ));
}

TEST_CASE("a child that cannot have its streams is refused, and gets none of this program's") {
  const auto refusal = [](int input, int output, int errors) -> std::string {
    try {
      ChildOptions options{test::self({"report"}), {}, output, errors};
      options.input = input;
      const Child child(options);
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "it was started";
  };
  const int none = 99;
  CHECK(refusal(none, 1, 2) == "cannot open its standard input: Bad file descriptor");
  CHECK(refusal(-1, none, 2) == "cannot open its standard output: Bad file descriptor");
  CHECK(refusal(-1, 1, none) == "cannot open its standard output: Bad file descriptor");
}

TEST_CASE("a signal that this program was started to ignore, as by nohup, stays ignored") {
  const ScopedSignals signals(SIGUSR2);
  CHECK(contains(report().at("ignored"), SIGUSR2));
}

TEST_CASE("a child inherits no descriptor but its three, whoever opened the others") {
  const FileDescriptor ours(Adopt{}, ::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const FileDescriptor inherited(Adopt{}, ::open("/dev/null", O_RDONLY));
  CHECK(report().at("descriptors") == "0 1 2");
}

TEST_CASE("a child's environment is this program's, unchanged") {
  ::setenv("SPIDER_CHECK_TEST_SECRET", "a b\nc=d", 1);
  ::setenv("SPIDER_CHECK_TEST_EMPTY", "", 1);
  CHECK(output_of({"environment"}) == own_environment());
  ::unsetenv("SPIDER_CHECK_TEST_SECRET");
  ::unsetenv("SPIDER_CHECK_TEST_EMPTY");
}

TEST_CASE("a child works in the directory that it is given, else in this program's") {
  const test::TempDirectory directory;
  CHECK(report(directory.path()).at("directory") == directory.path());
  CHECK(report().at("directory") == std::filesystem::current_path());
}

TEST_CASE("stdout and stderr go where each is told to") {
  test::ReadablePipe out;
  test::ReadablePipe err;
  const Child child({test::self({"say", "to stdout", "to stderr"}),
                     {},
                     out.write_end.get(),
                     err.write_end.get()});
  CHECK(out.read_all() == "to stdout\n");
  CHECK(err.read_all() == "to stderr\n");
}

}  // namespace spider_check
