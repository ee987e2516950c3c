#include "os/warden_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/descendants.hpp"
#include "os/file_descriptor.hpp"
#include "os/system_error.hpp"
#include "os/warden.hpp"

namespace spider_check::os {

namespace {

using Clock = std::chrono::steady_clock;

/** One descriptor for all signals that a warden heeds; every other that ends processes waits. */
int watch_signals() {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  sigset_t heeded;
  sigemptyset(&heeded);
  for (const int signal : {warden_stop, warden_kill, SIGCHLD}) sigaddset(&heeded, signal);
  return ::signalfd(-1, &heeded, SFD_CLOEXEC | SFD_NONBLOCK);
}

/**
 * Lets go of everything of the program's: its terminal, its pipes, its connection to the database,
 * which must end when the program does. Gives the numbers that the log and the pipe have now.
 */
std::array<int, 2> keep_only(int log, int pipe) {
  // Out of the way of each other first.
  const int spare_log = ::fcntl(log, F_DUPFD, 10);
  const int spare_pipe = ::fcntl(pipe, F_DUPFD, 10);
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) ::dup2(null, fd);
  ::dup3(spare_log, 3, O_CLOEXEC);
  ::dup3(spare_pipe, 4, O_CLOEXEC);
  ::close_range(5, ~0U, 0);
  return {3, 4};
}

/** The escalation of a stop. */
class Guard {
 public:
  Guard(pid_t spider, const SpiderLimits& limits) : spider_(spider), limits_(limits) {}

  /** Milliseconds for poll(2); -1 when nothing is due. */
  [[nodiscard]] int wait() const {
    if (told_ == 0) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_ - Clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000'000));
  }

  void stop() {
    if (told_ == 0) tell();
  }

  /** True when it is time to kill. */
  [[nodiscard]] bool escalate() {
    if (told_ == 0 || Clock::now() < due_) return false;
    if (told_ >= 2) return true;
    tell();
    return false;
  }

 private:
  void tell() {
    ::kill(spider_, SIGTERM);
    due_ = Clock::now() + (told_ == 0 ? limits_.grace : limits_.second_grace);
    ++told_;
  }

  pid_t spider_;
  const SpiderLimits& limits_;
  int told_ = 0;           ///< how often it was told to stop
  Clock::time_point due_;  ///< once it was: when the next step is
};

/** Waits for the spider's end, however that comes about. */
void guard(pid_t spider, const SpiderLimits& limits, int signals, WardenResult& result) {
  Guard guard(spider, limits);
  for (bool ended = false; !ended;) {
    pollfd fd{signals, POLLIN, 0};
    ::poll(&fd, 1, guard.wait());
    bool kill = guard.escalate();
    signalfd_siginfo info{};
    while (::read(signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      if (info.ssi_signo == static_cast<unsigned>(warden_stop)) guard.stop();
      if (info.ssi_signo == static_cast<unsigned>(warden_kill)) kill = true;
    }
    if (kill) ::kill(-spider, SIGKILL);
    if (kill) ::kill(spider, SIGKILL);
    // Orphans of the spider's are reaped on the way, so that no zombie of theirs stays.
    for (pid_t reaped = 1; reaped > 0 && !ended;) {
      int status = 0;
      rusage usage{};
      reaped = ::wait4(-1, &status, WNOHANG, &usage);
      // Its number may be another process's by now, so nothing is sent to it any more.
      if (reaped < 0 && errno == ECHILD) throw std::runtime_error("nobody was told of its end");
      if (reaped != spider) continue;
      result.status = status;
      result.usage = usage;
      ended = true;
    }
  }
}

}  // namespace

void live_as_warden(const ChildOptions& options, const SpiderLimits& limits, int pipe,
                    pid_t parent) {
  ::setsid();  // what a terminal sends to the program is not for its wardens
  ::prctl(PR_SET_NAME, warden_name(parent).c_str());
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const auto kept = keep_only(options.output, pipe);
  const FileDescriptor signals(Adopt{}, watch_signals());
  ::prctl(PR_SET_PDEATHSIG, warden_stop);
  if (::getppid() != parent) ::_exit(0);  // nothing was started yet
  WardenResult result;
  try {
    auto own = options;
    own.output = own.errors = kept[0];
    const auto spider = spawn(own);
    result.started = true;
    guard(spider, limits, signals.get(), result);
  } catch (const std::exception& error) {
    result.started = false;
    std::strncpy(result.why, error.what(), sizeof result.why - 1);
  }
  kill_descendants();
  // Nobody may be left to read it.
  std::signal(SIGPIPE, SIG_IGN);
  [[maybe_unused]] const auto written = ::write(kept[1], &result, sizeof result);
  ::_exit(0);
}

}  // namespace spider_check::os
