#include "os/supervisor_process.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/descriptors.hpp"
#include "os/process_tree.hpp"
#include "os/supervisor.hpp"

namespace spider_check {

namespace {

using Clock = Escalation::Time::clock;

/** One descriptor for all signals that a supervisor heeds; every other that ends processes waits.
 */
FileDescriptor watch_signals() {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  sigset_t heeded;
  sigemptyset(&heeded);
  for (const int signal : {supervisor_stop, supervisor_kill, SIGCHLD}) sigaddset(&heeded, signal);
  FileDescriptor signals(Adopt{}, ::signalfd(-1, &heeded, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) throw system_error("cannot watch for signals");
  return signals;
}

/**
 * Closes all descriptors of the program but the log: its connection must end when the program does.
 */
void keep_only(int log) {
  if (!close_all_but(log)) throw system_error("cannot close the descriptors of this program");
  const FileDescriptor null(Adopt{}, ::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) throw system_error("cannot open /dev/null");
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::dup2(null.get(), fd) < 0) throw system_error("cannot open its standard streams");
  }
}

/** A spider from its start to the end of all that it started, however that comes about. */
class Watch {
 public:
  Watch(pid_t spider, const SpiderLimits& limits, int signals, SupervisorResult& result,
        pid_t program)
      : spider_(spider),
        escalation_(limits.grace, limits.second_grace),
        signals_(signals),
        result_(result),
        program_(program) {}

  void run() {
    while (!over_) {
      pollfd fd{signals_, POLLIN, 0};
      ::poll(&fd, 1, wait_until(escalation_.next()));
      take_signals();
      reap();
      if (!over_) escalate();
    }
  }

 private:
  void take_signals() {
    signalfd_siginfo info{};
    while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      if (info.ssi_signo == static_cast<unsigned>(supervisor_stop)) escalation_.stop(Clock::now());
      if (info.ssi_signo == static_cast<unsigned>(supervisor_kill)) escalation_.kill(Clock::now());
    }
  }

  /** Orphans of the spider's, too, so that no zombie of theirs stays. */
  void reap() {
    for (;;) {
      int status = 0;
      rusage usage{};
      const auto reaped = ::wait4(-1, &status, WNOHANG, &usage);
      if (reaped == 0) return;
      if (reaped < 0 && errno == EINTR) continue;
      if (reaped < 0) {
        if (!result_.ended) throw std::runtime_error("its exit status was lost");
        over_ = true;
        return;
      }
      if (reaped != spider_) continue;
      result_.status = status;
      result_.usage = usage;
      result_.ended = true;
      on_end();
    }
  }

  /** Kills what the spider left; but of a stopped wrapper, what it ran has the grace, too. */
  void on_end() {
    const bool killed = to_termination(result_.status) == Termination{Signaled{SIGKILL, false}};
    if (escalation_.has_begun() && !killed) {
      terminate();
    } else {
      escalation_.kill(Clock::now());
    }
  }

  void escalate() {
    switch (escalation_.step(Clock::now())) {
      case Escalation::Step::none:
        return;
      case Escalation::Step::terminate:
        return terminate();
      case Escalation::Step::kill:
        return kill();
      case Escalation::Step::give_up:
        return give_up();
    }
  }

  void terminate() const {
    // The number of a spider that was reaped may be another process's by now.
    if (!result_.ended) {
      ::kill(spider_, SIGTERM);
      return;
    }
    for (const auto& process : processes_below(::getpid())) {
      if (process.parent == ::getpid()) ::kill(process.pid, SIGTERM);
    }
  }

  void kill() const {
    if (!result_.ended) {
      ::kill(-spider_, SIGKILL);
      ::kill(spider_, SIGKILL);
    }
    kill_all(processes_below(::getpid()));
  }

  void give_up() {
    auto left = processes_below(::getpid());
    std::erase_if(left, [](const auto& process) { return process.state == 'Z'; });
    // What SIGKILL was sent to does nothing any more, wherever it is held; what another user runs
    // may work on, and without the program only this process tells of it.
    const auto works_on = [](const auto& process) {
      return ::kill(process.pid, 0) != 0 && errno == EPERM;
    };
    if (::getppid() != program_ && std::any_of(left.begin(), left.end(), works_on)) return;
    // /proc may hide what is another user's.
    const bool hidden = std::none_of(left.begin(), left.end(),
                                     [&](const auto& process) { return process.pid == spider_; });
    if (!result_.ended && hidden) left.insert(left.begin(), look_up(spider_));
    const auto count = std::min(left.size(), result_.left.size());
    for (std::size_t i = 0; i < count; ++i) {
      auto& told = result_.left[i];
      told.pid = left[i].pid;
      told.start = left[i].start;
      told.state = left[i].state;
      left[i].name.copy(told.name.data(), told.name.size() - 1);
    }
    result_.lefts = count;
    over_ = true;
  }

  pid_t spider_;
  Escalation escalation_;
  int signals_;
  SupervisorResult& result_;
  pid_t program_;
  bool over_ = false;
};

void tell_failure(SupervisorResult& result, int error, std::string_view why) {
  result.error = error;
  why.copy(result.why.data(), result.why.size() - 1);
}

}  // namespace

void supervisor_main(const ChildOptions& options, const SpiderLimits& limits,
                     SupervisorResult& result, pid_t parent) {
  ::setsid();  // what a terminal sends to the program is not for its supervisors
  ::prctl(PR_SET_NAME, supervisor_name(parent).c_str());
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  try {
    keep_only(options.output);
    const auto signals = watch_signals();
    ::prctl(PR_SET_PDEATHSIG, supervisor_stop);
    if (::getppid() != parent) ::_exit(0);  // nothing was started yet
    auto own = options;
    own.input = STDIN_FILENO;
    own.pid = &result.spider;
    const auto spider = spawn(own);
    Watch(spider, limits, signals.get(), result, parent).run();
  } catch (const std::system_error& error) {
    // Its words without those of the error number, which are added again.
    const std::string_view words = error.what();
    tell_failure(result, error.code().value(),
                 words.substr(0, words.size() - error.code().message().size() - 2));
  } catch (const std::exception& error) {
    tell_failure(result, 0, error.what());
  }
  result.done = true;
  ::_exit(0);
}

}  // namespace spider_check
