#include "os/child.hpp"

#include <csignal>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fault_point.hpp"
#include "os/system_error.hpp"

namespace spider_check::os {

Child::Child(const ChildOptions& options) : pid_(spawn(options)) {
  fault_point("start of a helper");
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
  const FaultPoints points("end of a helper");
  // Before the child is reaped, while its pid still names its group and nobody else's.
  kill_group();
  int status = 0;
  rusage usage{};
  if (::wait4(pid_, &status, 0, &usage) != pid_) throw system_error("cannot wait for a process");
  pid_ = -1;
  ChildReport report;
  report.termination = to_termination(status);
  set_usage(report, usage);
  return report;
}

}  // namespace spider_check::os
