#include "os/child.hpp"

#include <csignal>

#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fault_point.hpp"
#include "os/system_error.hpp"

namespace spider_check::os {

Child::Child(const ChildOptions& options) : pid_(spawn(options)) {
  fault_point("start of a helper");
  note_child(pid_);
  pidfd_ = FileDescriptor(Adopt{}, static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (pidfd_) return;
  const auto error = system_error("cannot watch a process");
  kill();
  while (!attend(::waitpid(pid_, nullptr, WNOHANG) == pid_)) ::poll(nullptr, 0, wait_until(next()));
  forget_child(pid_);
  throw error;
}

Child::~Child() {
  if (pid_ < 0) return;
  kill();
  for (bool over = false; !over;) {
    pollfd fd{pidfd_.get(), POLLIN, 0};
    const int ready = ::poll(&fd, 1, wait_until(next()));
    over = attend(ready > 0);
  }
  if (!ended_) return;
  kill_group();
  ::waitpid(pid_, nullptr, 0);
  forget_child(pid_);
}

void Child::signal(int signal) const noexcept {
  if (pid_ > 0) ::kill(pid_, signal);
}

void Child::kill_group() const noexcept {
  if (pid_ > 0) ::kill(-pid_, SIGKILL);
}

void Child::kill_tree() const {
  const auto below = processes_below(pid_);
  kill_group();
  ::kill(pid_, SIGKILL);
  kill_all(below);
}

void Child::kill() {
  if (pid_ > 0) escalation_.kill(Escalation::Time::clock::now());
  (void)attend(false);
}

bool Child::attend(bool ended) {
  ended_ = ended_ || ended;
  if (ended_) return true;
  switch (escalation_.step(Escalation::Time::clock::now())) {
    case Escalation::Step::give_up:
      return true;
    case Escalation::Step::kill:
      kill_tree();
      return false;
    default:
      return false;
  }
}

ChildReport Child::given_up() {
  ChildReport report;
  report.left.push_back(to_left(look_up(pid_)));
  report.termination = Unknown{to_text(report.left)};
  pid_ = -1;
  return report;
}

ChildReport Child::reap() {
  const FaultPoints points("end of a helper");
  if (!ended_ && escalation_.has_begun() && !escalation_.next()) return given_up();
  // Before the child is reaped, while its pid still names its group and nobody else's.
  kill_group();
  int status = 0;
  rusage usage{};
  if (::wait4(pid_, &status, 0, &usage) != pid_) throw system_error("cannot wait for a process");
  forget_child(pid_);
  pid_ = -1;
  ChildReport report;
  report.termination = to_termination(status);
  set_usage(report, usage);
  return report;
}

}  // namespace spider_check::os
