#include "os/supervisor.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/fault_point.hpp"
#include "util/text.hpp"

namespace spider_check {

using namespace std::chrono_literals;

/** What a supervisor reports, in shared memory, so that it stays when the supervisor is killed. */
struct SupervisorResult {
  struct Left {
    pid_t pid = 0;
    std::int64_t start = 0;
    char state = '?';
    std::array<char, 16> name{};
  };

  std::atomic<pid_t> spider{0};    ///< once it was started
  std::atomic<bool> ended{false};  ///< the spider has: its status and usage are sent
  std::atomic<bool> done{false};   ///< all that it started has, or is left
  int status = 0;                  ///< of waitpid(2)
  rusage usage{};
  int error = 0;                 ///< errno of why it was not started
  std::array<char, 1000> why{};  ///< what could not be done; ends with a zero byte
  std::array<Left, 8> left{};    ///< what could not be ended
  std::atomic<std::size_t> lefts{0};
};

namespace {

using Clock = Supervisor::Time::clock;

// For what a supervisor does beside waiting, on a host that has much to do.
constexpr Duration answer_margin = 3s;

/** Memory for further supervisors, many at once: each fork copies the list of all mappings. */
std::vector<SupervisorResult*>& spare_results() {
  static std::vector<SupervisorResult*> spare;
  return spare;
}

void share_more() {
  constexpr std::size_t count = 16;
  // For all that are lent, too: giving one back must not fail.
  spare_results().reserve(spare_results().capacity() + count);
  void* memory = ::mmap(nullptr, count * sizeof(SupervisorResult), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw system_error("cannot share memory with a process");
  auto* results = static_cast<SupervisorResult*>(memory);
  for (std::size_t i = 0; i < count; ++i) spare_results().push_back(results + i);
}

SupervisorResult* share_result() {
  auto& spare = spare_results();
  if (spare.empty()) share_more();
  auto* result = spare.back();
  spare.pop_back();
  return new (result) SupervisorResult;
}

/**
 * fork(2) that also makes a pidfd, or fails as a whole. Gives 0 in the child, with blocked signals.
 */
pid_t make_process(FileDescriptor& process) {
  int fd = -1;
  // A signal between the start and the supervisor's own mask would end it as it ends the program.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  // Without a stack of its own the child goes on here, on its copy of this one. glibc's clone()
  // cannot be told so.
  const auto pid = static_cast<pid_t>(
      ::syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, nullptr, &fd, nullptr, nullptr));
  if (pid == 0) return 0;
  const auto error = system_error("cannot start a process");
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) throw error;
  process = FileDescriptor(Adopt{}, fd);
  return pid;
}

// What a program tells its supervisors, each by a signal that no terminal and no service manager
// sends.
inline constexpr int supervisor_stop =
    SIGUSR1;  ///< also what the kernel sends when the program dies
inline constexpr int supervisor_kill = SIGUSR2;

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
    if (::getppid() != program_ && std::ranges::any_of(left, works_on)) return;
    // /proc may hide what is another user's.
    const bool hidden =
        std::ranges::none_of(left, [&](const auto& process) { return process.pid == spider_; });
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

/**
 * The life of a supervisor, in a process just made by `parent`. The output of `options` is the log.
 */
[[noreturn]] void supervisor_main(const ChildOptions& options, const SpiderLimits& limits,
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

}  // namespace

std::string supervisor_name(pid_t owner) {
  return "superv-" + std::to_string(owner);  // the kernel keeps 15 bytes of it
}

void Supervisor::GiveBack::operator()(SupervisorResult* result) const noexcept {
  // One that was killed may have a child that does not execute its program yet, and writes here.
  if (result->done) spare_results().push_back(result);
}

Supervisor::Supervisor(const ChildOptions& options, const SpiderLimits& limits)
    : limits_(limits), result_(share_result()) {
  const FaultPoints points("start of a spider");
  const auto parent = ::getpid();
  pid_ = make_process(process_);
  if (pid_ == 0) supervisor_main(options, limits_, *result_, parent);
  note_child(pid_);
}

Supervisor::~Supervisor() {
  kill();
  while (!over_) {
    pollfd fd{process_.get(), POLLIN, 0};
    const int ready = ::poll(&fd, 1, wait_until(next()));
    if (attend(ready > 0)) break;
  }
}

std::optional<Supervisor::Time> Supervisor::next() const {
  return adopted_ ? adopted_->next() : answer_by_;
}

void Supervisor::tell(int signal, Duration answer) noexcept {
  told_ = true;
  ::kill(pid_, signal);
  // One that was stopped hears it then.
  ::kill(pid_, SIGCONT);
  answer_by_ = Clock::now() + answer + kill_patience + answer_margin;
}

void Supervisor::stop() {
  if (over_) return;
  if (adopted_) return adopted_->stop();
  if (!told_) tell(supervisor_stop, limits_.grace + limits_.second_grace);
}

void Supervisor::kill() {
  if (over_) return;
  if (adopted_) return adopted_->kill();
  if (told_to_kill_) return;
  told_to_kill_ = true;
  tell(supervisor_kill, 0s);
}

/** It may have been stopped, by the spider say. */
void Supervisor::await_answer() {
  siginfo_t info{};
  const bool stopped = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WNOHANG) == 0 &&
                       info.si_pid == pid_;
  if (stopped) ::kill(pid_, SIGCONT);
  if (!answer_by_ || Clock::now() < *answer_by_) return;
  if (silent_) {  // not even SIGKILL ends it
    process_.close();
    over_ = true;
    return;
  }
  silent_ = true;
  ::kill(pid_, SIGKILL);
  answer_by_ = Clock::now() + kill_patience;
}

void Supervisor::on_end() {
  const FaultPoints points("end of a spider");
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  forget_child(pid_);
  process_.close();
  answer_by_.reset();
  if (result_->done) {
    over_ = true;
    return;
  }
  const pid_t spider = result_->ended ? 0 : result_->spider.load();
  adopted_.emplace(spider, limits_.grace, limits_.second_grace);
  // What it was given to end in is over, or it had ended and this is what it left.
  if (told_to_kill_ || silent_ || result_->ended) {
    adopted_->kill();
  } else {
    adopted_->stop();
  }
}

bool Supervisor::attend(bool readable) {
  if (!over_ && !adopted_) {
    if (readable) {
      on_end();
    } else {
      await_answer();
    }
  }
  if (!over_ && adopted_) over_ = adopted_->attend();
  return over_;
}

ChildReport Supervisor::reap() {
  const std::string why_not = result_->why.data();
  if (result_->done && !why_not.empty()) {
    const std::error_code error(result_->error, std::generic_category());
    return {NotStarted{error ? std::system_error(error, why_not).what() : why_not}};
  }
  auto report = adopted_ ? adopted_->report() : ChildReport{};
  for (std::size_t i = 0; result_->done && i < result_->lefts; ++i) {
    const auto& left = result_->left[i];
    report.left.push_back(to_left({left.pid, 0, left.state, left.start, left.name.data()}));
    note_child(left.pid);
  }
  if (result_->ended) {
    report.termination = to_termination(result_->status);
    set_usage(report, result_->usage);
    return report;
  }
  if (!result_->done && !adopted_) report.left.push_back(to_left(look_up(pid_)));
  const auto left = to_text(report.left);
  report.termination =
      Unknown{result_->done ? left
                            : fmt::format("the process that watches over it {}; {}",
                                          silent_ ? "did not answer and was killed" : "was killed",
                                          left.empty() ? "its own processes were ended" : left)};
  return report;
}

}  // namespace spider_check
