#pragma once

#include <csignal>

#include "os/descriptors.hpp"

namespace spider_check {

/**
 * Blocks SIGTERM, SIGINT and SIGHUP, except those that are ignored, and reports them through a file
 * descriptor, so that they are handled only where the program waits. The destructor restores the
 * signal mask; a signal that was not taken then acts as usual. Several objects may live at a time:
 * each signal is taken from one of them.
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
 * What this program takes for granted, whatever it was started with: a write to a closed pipe fails
 * with EPIPE, one beyond the limit of a file's size with EFBIG, and neither ends anything (children
 * get the default back); and a child's end can be waited for, which whoever ignores SIGCHLD would
 * pass on.
 */
void set_dispositions() noexcept;

/** Ends this process by the signal, as if it had never been held back. */
[[noreturn]] void die_by(int signal);

}  // namespace spider_check
