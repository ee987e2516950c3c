#include "os/supervisor.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <new>
#include <vector>

#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/supervisor_process.hpp"
#include "util/fault_point.hpp"

namespace spider_check {

using namespace std::chrono_literals;

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

ChildReport Supervisor::told_report() const {
  ChildReport report;
  for (std::size_t i = 0; i < result_->lefts; ++i) {
    const auto& left = result_->left[i];
    report.left.push_back(to_left({left.pid, 0, left.state, left.start, left.name.data()}));
    note_child(left.pid);
  }
  if (result_->ended) {
    report.termination = to_termination(result_->status);
    set_usage(report, result_->usage);
  } else {
    report.termination = Unknown{to_text(report.left)};
  }
  return report;
}

ChildReport Supervisor::report_without_supervisor() const {
  auto report = adopted_ ? adopted_->report() : ChildReport{};
  if (result_->ended) {
    report.termination = to_termination(result_->status);
    set_usage(report, result_->usage);
    return report;
  }
  if (!adopted_) report.left.push_back(to_left(look_up(pid_)));
  report.termination =
      Unknown{std::string("the process that watches over it ") +
              (silent_ ? "did not answer and was killed" : "was killed") + "; " +
              (report.left.empty() ? "its own processes were ended" : to_text(report.left))};
  return report;
}

ChildReport Supervisor::reap() {
  if (!result_->done) return report_without_supervisor();
  if (result_->why.front() != '\0') {
    const std::string why = result_->why.data();
    ChildReport report;
    report.termination =
        NotStarted{result_->error == 0
                       ? why
                       : std::system_error(result_->error, std::generic_category(), why).what()};
    return report;
  }
  return told_report();
}

}  // namespace spider_check
