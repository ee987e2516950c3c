#include <csignal>
#include <system_error>

#include <doctest/doctest.h>

#include "os/programs.hpp"
#include "os/signals.hpp"
#include "process/child_program.hpp"
#include "process/pipe.hpp"
#include "process/printing.hpp"
#include "process/temp_directory.hpp"

namespace spider_check {

using namespace std::chrono_literals;

using test::self;

namespace {

/** Longer than any of these tests takes. */
constexpr Duration patience = 30s;

}  // namespace

TEST_CASE("both streams of a program are kept apart, with its end") {
  const auto said = capture({self({"say", "to stdout", "to stderr"}), {}, {}, patience});
  CHECK(said.termination == Termination{Exited{0}});
  CHECK(said.output == "to stdout\n");
  CHECK(said.errors == "to stderr\n");
  CHECK_FALSE(said.timed_out);
}

TEST_CASE("a program that fails is told with what it said") {
  const auto said = capture({{"sh", "-c", "echo out; echo err >&2; exit 3"}, {}, {}, patience});
  CHECK(said.termination == Termination{Exited{3}});
  CHECK(said.output == "out\n");
  CHECK(said.errors == "err\n");
}

TEST_CASE("a program works in the directory that it is given") {
  const test::TempDirectory directory;
  CHECK(capture({{"pwd", "-P"}, directory.path(), {}, patience}).output ==
        directory.path().string() + "\n");
}

TEST_CASE("a flood on both streams at once neither blocks nor is kept beyond a megabyte each") {
  const auto said = capture({self({"flood", "48"}), {}, {}, patience});
  CHECK(said.termination == Termination{Exited{0}});
  CHECK_FALSE(said.timed_out);
  const std::size_t megabyte = 1024 * 1024;
  CHECK((said.output == std::string(megabyte, 'o')));
  CHECK((said.errors == std::string(megabyte, 'e')));
  CHECK(said.cut);
}

TEST_CASE("output of exactly a megabyte is whole") {
  const auto said = capture({self({"flood", "16"}), {}, {}, patience});
  CHECK((said.output == std::string(16 * 65536, 'o')));
  CHECK_FALSE(said.cut);
}

TEST_CASE("a program that takes too long is killed, and what it said is kept") {
  const auto said = capture({{"sh", "-c", "echo early; exec sleep 1000"}, {}, {}, 300ms});
  CHECK(said.timed_out);
  CHECK(said.termination == Termination{Signaled{SIGKILL, false}});
  CHECK(said.errors.empty());
}

TEST_CASE("what a program that takes too long has started is killed with it") {
  for (const auto* text : {"sleep 1000 & echo $!; wait", "setsid sleep 1000 & echo $!; wait"}) {
    const auto said = capture({{"sh", "-c", text}, {}, {}, 300ms});
    CHECK(said.timed_out);
    CHECK(said.left.empty());
    CHECK(test::wait_for_end(std::stoi(said.output)) == Termination{Signaled{SIGKILL, false}});
  }
}

TEST_CASE("when this program is told to stop, so is the other") {
  StopSignals signals;
  const auto said = capture({{"sh", "-c", "kill -TERM $PPID; exec sleep 1000"}, {}, {}, patience});
  CHECK(said.stopped);
  CHECK_FALSE(said.timed_out);
  CHECK(said.termination == Termination{Signaled{SIGKILL, false}});
  CHECK(signals.take() == SIGTERM);
  CHECK_FALSE(capture({{"true"}, {}, {}, patience}).stopped);
}

TEST_CASE("a program that never stops talking is killed, too") {
  const auto said = capture({{"yes"}, {}, {}, 1s});
  CHECK(said.timed_out);
  CHECK(said.termination == Termination{Signaled{SIGKILL, false}});
  CHECK(said.output.size() == 1024 * 1024);
}

TEST_CASE("a program that closes its streams and works on is waited for") {
  const auto said = capture({{"sh", "-c", "exec >&- 2>&-; exit 4"}, {}, {}, patience});
  CHECK(said.termination == Termination{Exited{4}});
  CHECK_FALSE(said.timed_out);
}

TEST_CASE("what a program leaves in its group neither holds up the end nor outlives it") {
  const auto said = capture({self({"leave-behind", "same-session"}), {}, {}, patience});
  CHECK_FALSE(said.timed_out);
  CHECK(said.termination == Termination{Exited{0}});
  CHECK(test::wait_for_end(std::stoi(said.output)) == Termination{Signaled{SIGKILL, false}});
}

TEST_CASE("a daemon that keeps the streams open does not hold up the end") {
  const auto said = capture({self({"leave-behind", "own-session"}), {}, {}, patience});
  CHECK_FALSE(said.timed_out);
  CHECK(said.termination == Termination{Exited{0}});
  const auto daemon = std::stoi(said.output);
  ::kill(daemon, SIGTERM);
  CHECK(test::wait_for_end(daemon) == Termination{Signaled{SIGTERM, false}});
}

TEST_CASE("a program that cannot be started is an error with the reason") {
  CHECK_THROWS_WITH_AS((void)capture({{"/no/such/program"}, {}, {}, patience}),
                       "cannot execute /no/such/program: No such file or directory",
                       std::system_error);
  CHECK_THROWS_WITH_AS((void)capture({{"true"}, "/no/such/directory", {}, patience}),
                       "cannot enter /no/such/directory: No such file or directory",
                       std::system_error);
}

}  // namespace spider_check
