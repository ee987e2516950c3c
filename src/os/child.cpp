#include "os/child.hpp"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/system_error.hpp"

namespace spider_check::os {

namespace {

/** Where a child's preparation failed; sent as one write through a pipe that closes on exec. */
struct SetupFailure {
  enum class Step : int { directory, execute } step;
  int error;
};

[[noreturn]] void report(int pipe, SetupFailure::Step step) {
  const SetupFailure failure{step, errno};
  // Nothing can be done about a failed write: the parent then sees a child that ended with 127.
  [[maybe_unused]] const auto written = ::write(pipe, &failure, sizeof failure);
  ::_exit(127);
}

void reset_signals() {
  std::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/** Runs in the child between fork and exec: system calls only. */
[[noreturn]] void become(const ChildOptions& options, char* const* argv, int pipe, pid_t parent) {
  ::setsid();
  // The signal comes when the parent dies from now on; it may have died just before.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(null, STDIN_FILENO);
  ::dup2(options.output, STDOUT_FILENO);
  ::dup2(options.errors, STDERR_FILENO);
  const auto& directory = options.working_directory;
  if (!directory.empty() && ::chdir(directory.c_str()) != 0) {
    report(pipe, SetupFailure::Step::directory);
  }
  // Whatever else is open, here or in what started us (a lock file of cron's, say), stays here.
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  reset_signals();
  ::execvp(argv[0], argv);
  report(pipe, SetupFailure::Step::execute);
}

Duration to_duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

Termination to_termination(int status) {
  if (WIFSIGNALED(status)) return Signaled{WTERMSIG(status), WCOREDUMP(status) != 0};
  return Exited{WEXITSTATUS(status)};
}

std::system_error to_error(const SetupFailure& failure, const ChildOptions& options) {
  errno = failure.error;
  if (failure.step == SetupFailure::Step::directory) {
    return system_error("cannot enter " + options.working_directory.string());
  }
  return system_error("cannot execute " + options.command.front());
}

}  // namespace

Child::Child(const ChildOptions& options) {
  // Built before fork: the child must not allocate.
  std::vector<char*> argv;
  for (const auto& word : options.command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error("cannot make a pipe");
  const FileDescriptor read_end(Adopt{}, ends[0]);
  FileDescriptor write_end(Adopt{}, ends[1]);

  const auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw system_error("cannot start a process");
  if (pid_ == 0) become(options, argv.data(), write_end.get(), parent);
  write_end.close();

  SetupFailure failure{};
  const auto got = ::read(read_end.get(), &failure, sizeof failure);
  if (got == static_cast<ssize_t>(sizeof failure)) {
    ::waitpid(pid_, nullptr, 0);
    throw to_error(failure, options);
  }
  pidfd_ = FileDescriptor(Adopt{}, static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!pidfd_) {
    const auto error = system_error("cannot watch a process");
    kill_group();
    ::waitpid(pid_, nullptr, 0);
    throw error;
  }
}

Child::~Child() {
  if (pid_ < 0) return;
  kill_group();
  ::waitpid(pid_, nullptr, 0);
}

void Child::signal(int signal) const noexcept {
  if (pid_ > 0) ::kill(pid_, signal);
}

void Child::kill_group() const noexcept {
  if (pid_ > 0) ::kill(-pid_, SIGKILL);
}

ChildReport Child::reap() {
  // Before the child is reaped, while its pid still names its group and nobody else's.
  kill_group();
  int status = 0;
  rusage usage{};
  if (::wait4(pid_, &status, 0, &usage) != pid_) throw system_error("cannot wait for a process");
  pid_ = -1;
  ChildReport report;
  report.termination = to_termination(status);
  report.cpu_time = to_duration(usage.ru_utime) + to_duration(usage.ru_stime);
  report.peak_memory = std::int64_t{usage.ru_maxrss} * 1024;
  return report;
}

}  // namespace spider_check::os
