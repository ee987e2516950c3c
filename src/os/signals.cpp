#include "os/signals.hpp"

#include <cstdlib>

#include <sys/signalfd.h>
#include <unistd.h>

namespace spider_check {

StopSignals::StopSignals() {
  sigset_t stop;
  sigemptyset(&stop);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    using Action = struct sigaction;
    Action action{};
    ::sigaction(signal, nullptr, &action);
    // An ignored one, as by nohup, stays so; held back it would come after all.
    if (action.sa_handler != SIG_IGN) sigaddset(&stop, signal);
  }
  if (::sigprocmask(SIG_BLOCK, &stop, &before_) != 0)
    throw system_error("cannot hold back signals");
  fd_ = FileDescriptor(Adopt{}, ::signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) {
    const auto error = system_error("cannot watch for signals");
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
    throw error;
  }
}

StopSignals::~StopSignals() {
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int StopSignals::take() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return 0;
  return static_cast<int>(info.ssi_signo);
}

void set_dispositions() noexcept {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);
}

void die_by(int signal) {
  std::signal(signal, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  ::sigprocmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(signal);
  std::_Exit(128 + signal);  // reached only by a signal that ends nothing
}

}  // namespace spider_check
