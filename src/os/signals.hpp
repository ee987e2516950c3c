#pragma once

#include <csignal>

#include "os/descriptors.hpp"
#include "util/interface.hpp"

namespace spider_check {

/**
 * Holds back SIGTERM, SIGINT and SIGHUP, but for those that are ignored, while it lives, and tells
 * of them through a file descriptor instead, so that they are handled where the program waits and
 * nowhere else. The destructor gives back what was before; a signal that nobody took then acts as
 * usual. Those that live at the same time tell of the same signals; each is taken from one of them.
 */
class StopSignals final : public SignalBlock {
 public:
  /** Throws std::system_error. */
  StopSignals();
  ~StopSignals() override;

  /** Readable when a signal came, until it is taken. */
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  [[nodiscard]] int take() override;

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
