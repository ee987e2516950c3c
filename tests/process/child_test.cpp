#include "os/child.hpp"

#include <cerrno>
#include <csignal>

#include <doctest/doctest.h>
#include <sys/resource.h>

#include "process/child_program.hpp"
#include "process/pipe.hpp"
#include "process/printing.hpp"
#include "process/temp_directory.hpp"

namespace spider_check {

using test::ReadablePipe;
using test::self;

namespace {

/** Runs this program as a child to its end. */
ChildReport run(const std::vector<std::string>& words,
                const std::filesystem::path& working_directory = {}) {
  Child child({self(words), working_directory, STDOUT_FILENO, STDERR_FILENO});
  test::wait_until_readable(child.fd());
  return child.reap();
}

Termination end_of(const std::vector<std::string>& words) {
  return run(words).termination;
}

/** Why a child cannot be started. */
std::string refusal(const std::vector<std::string>& command,
                    const std::filesystem::path& working_directory = {}) {
  try {
    const Child child({command, working_directory, STDOUT_FILENO, STDERR_FILENO});
  } catch (const std::system_error& error) {
    return error.what();
  }
  return "it was started";
}

bool has_children() {
  return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD;
}

/** Allows core dumps for one test, as far as this user may. */
class CoreDumps {
 public:
  CoreDumps() {
    ::getrlimit(RLIMIT_CORE, &before_);
    const rlimit most{before_.rlim_max, before_.rlim_max};
    ::setrlimit(RLIMIT_CORE, &most);
  }

  CoreDumps(const CoreDumps&) = delete;
  CoreDumps& operator=(const CoreDumps&) = delete;
  CoreDumps(CoreDumps&&) = delete;
  CoreDumps& operator=(CoreDumps&&) = delete;

  ~CoreDumps() { ::setrlimit(RLIMIT_CORE, &before_); }

 private:
  rlimit before_{};
};

/** How a child that aborts in this directory ends when it is started without any of our code. */
Termination plain_abort(const std::filesystem::path& directory) {
  const auto pid = ::fork();
  if (pid == 0) {
    std::filesystem::current_path(directory);
    ::execl("/proc/self/exe", "test", "--child", "raise", std::to_string(SIGABRT).c_str(), nullptr);
    ::_exit(1);
  }
  return test::wait_for_end(pid);
}

}  // namespace

TEST_CASE("a child's exit status is told") {
  for (const int status : {0, 1, 3, 127, 255}) {
    CHECK(end_of({"exit", std::to_string(status)}) == Termination{Exited{status}});
  }
}

TEST_CASE("the signal that ended a child is told") {
  for (const int signal : {SIGTERM, SIGKILL, SIGPIPE, SIGUSR1}) {
    CHECK(end_of({"raise", std::to_string(signal)}) == Termination{Signaled{signal, false}});
  }
}

TEST_CASE("a core dump is told where the system makes one, and only there") {
  const test::TempDirectory directory;
  const CoreDumps core_dumps;
  CHECK(run({"raise", std::to_string(SIGABRT)}, directory.path()).termination ==
        plain_abort(directory.path()));
  CHECK(end_of({"raise-without-core", std::to_string(SIGABRT)}) ==
        Termination{Signaled{SIGABRT, false}});
}

TEST_CASE("a program that cannot be executed is refused with the reason, and no process is left") {
  const test::TempDirectory directory;
  const auto plain = directory.write("plain", "#!/bin/sh\n").string();
  CHECK(refusal({"/no/such/program"}) ==
        "cannot execute /no/such/program: No such file or directory");
  CHECK(refusal({"no-such-program-in-path"}) ==
        "cannot execute no-such-program-in-path: No such file or directory");
  CHECK(refusal({plain}) == "cannot execute " + plain + ": Permission denied");
  CHECK_FALSE(has_children());
}

TEST_CASE("a working directory that is not there is refused with the reason") {
  const test::TempDirectory directory;
  const auto file = directory.write("file", "");
  CHECK(refusal(self({"exit", "0"}), "/no/such/directory") ==
        "cannot enter /no/such/directory: No such file or directory");
  CHECK(refusal(self({"exit", "0"}), file) ==
        "cannot enter " + file.string() + ": Not a directory");
  CHECK_FALSE(has_children());
}

TEST_CASE("a program without a slash is looked up in PATH") {
  Child child({{"sh", "-c", "exit 5"}, {}, STDOUT_FILENO, STDERR_FILENO});
  test::wait_until_readable(child.fd());
  CHECK(child.reap().termination == Termination{Exited{5}});
}

TEST_CASE("arguments reach the child as they are, never through a shell") {
  ReadablePipe out;
  Child child(
      {self({"say", "$HOME *; 'x' \"y\"\t", ""}), {}, out.write_end.get(), out.write_end.get()});
  CHECK(out.read_all() == "$HOME *; 'x' \"y\"\t\n\n");
}

TEST_CASE("the destructor kills the child and everything in its group") {
  ReadablePipe out;
  pid_t grandchild = 0;
  {
    const Child child({self({"with-grandchild"}), {}, out.write_end.get(), STDERR_FILENO});
    grandchild = std::stoi(out.read_line());
  }
  CHECK(test::wait_for_end(grandchild) == Termination{Signaled{SIGKILL, false}});
  CHECK_FALSE(has_children());
}

TEST_CASE("what a child leaves in its group is killed when it is reaped") {
  ReadablePipe out;
  Child child({self({"leave-behind", "same-session"}), {}, out.write_end.get(), STDERR_FILENO});
  const auto grandchild = std::stoi(out.read_line());
  test::wait_until_readable(child.fd());
  CHECK(child.reap().termination == Termination{Exited{0}});
  CHECK(test::wait_for_end(grandchild) == Termination{Signaled{SIGKILL, false}});
}

TEST_CASE("a signal goes to the child alone") {
  ReadablePipe out;
  Child child({self({"with-grandchild"}), {}, out.write_end.get(), STDERR_FILENO});
  const auto grandchild = std::stoi(out.read_line());
  child.signal(SIGTERM);
  test::wait_until_readable(child.fd());
  CHECK(child.reap().termination == Termination{Exited{7}});
  // A SIGTERM to the whole group would have ended it first.
  CHECK(test::wait_for_end(grandchild) == Termination{Signaled{SIGKILL, false}});
}

TEST_CASE("kill ends a child that would wait for ever") {
  Child child({self({"await-term"}), {}, STDOUT_FILENO, STDERR_FILENO});
  child.kill();
  test::wait_until_readable(child.fd());
  CHECK(child.reap().termination == Termination{Signaled{SIGKILL, false}});
}

TEST_CASE("a child is told when its parent dies, however suddenly") {
  ReadablePipe out;
  const Child parent({self({"parent-of-awaiting"}), {}, out.write_end.get(), STDERR_FILENO});
  CHECK(out.read_line() == "ready");
  parent.signal(SIGKILL);
  CHECK(out.read_all() == "terminated\n");
  test::wait_until_readable(parent.fd());
}

}  // namespace spider_check
