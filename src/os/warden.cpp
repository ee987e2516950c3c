#include "os/warden.hpp"

#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fault_point.hpp"
#include "os/system_error.hpp"
#include "os/warden_process.hpp"

namespace spider_check::os {

std::string warden_name(pid_t owner) {
  return "warden-" + std::to_string(owner);
}

Warden::Warden(const ChildOptions& options, const SpiderLimits& limits) {
  const FaultPoints points("start of a spider");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error("cannot make a pipe");
  result_ = FileDescriptor(Adopt{}, ends[0]);
  const FileDescriptor write_end(Adopt{}, ends[1]);
  const auto parent = ::getpid();
  // A signal between fork and the warden's own mask would end it as it ends the program.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  pid_ = ::fork();
  if (pid_ == 0) live_as_warden(options, limits, write_end.get(), parent);
  const auto error = system_error("cannot start a process");
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid_ < 0) throw error;
}

Warden::~Warden() {
  if (pid_ < 0) return;
  kill();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Warden::stop() const noexcept {
  if (pid_ > 0) ::kill(pid_, warden_stop);
}

void Warden::kill() const noexcept {
  if (pid_ > 0) ::kill(pid_, warden_kill);
}

ChildReport Warden::reap() {
  const FaultPoints points("end of a spider");
  WardenResult result;
  ssize_t got = 0;
  do {
    got = ::read(result_.get(), &result, sizeof result);
  } while (got < 0 && errno == EINTR);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  ChildReport report;
  if (got != static_cast<ssize_t>(sizeof result)) {
    report.termination = NotStarted{"the process that watches over it was killed"};
  } else if (!result.started) {
    report.termination = NotStarted{result.why};
  } else {
    report.termination = to_termination(result.status);
    set_usage(report, result.usage);
  }
  return report;
}

}  // namespace spider_check::os
