#pragma once

#include <csignal>

#include "os/descriptors.hpp"

namespace spider_check {

/**
 * While it lives, SIGTERM, SIGINT and SIGHUP, unless ignored, are read from a descriptor. A signal
 * that was not taken acts as usual afterwards. Several share their signals.
 */
class StopSignals {
 public:
  /** Throws std::system_error. */
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  StopSignals(StopSignals&&) = delete;
  StopSignals& operator=(StopSignals&&) = delete;
  ~StopSignals();

  /** Readable when a signal came, until it is taken. */
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  /** The signal that came, or 0. Never waits. */
  [[nodiscard]] int take();

 private:
  sigset_t before_{};
  FileDescriptor fd_;
};

/**
 * Ignores SIGPIPE and SIGXFSZ, so that writes fail with EPIPE and EFBIG (children get the default
 * back), and sets SIGCHLD to its default, so that children can be waited for.
 */
void set_dispositions() noexcept;

/** Ends this process by the signal, as if it had never been held back. */
[[noreturn]] void die_by(int signal);

}  // namespace spider_check
