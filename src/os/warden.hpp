#pragma once

#include <string>

#include <sys/types.h>

#include "core/spider_rules.hpp"
#include "core/termination.hpp"
#include "os/file_descriptor.hpp"
#include "os/spawn.hpp"

namespace spider_check::os {

/** The name by which `ps` shows the wardens of a process; at most 15 bytes, as the kernel keeps. */
[[nodiscard]] std::string warden_name(pid_t owner);

/**
 * A spider behind a warden: a small process of ours that starts the spider, inherits whatever it
 * leaves behind, stops it when it is told to or when this program dies, by whatever signal, and
 * kills every process that the spider started before it reports the end.
 */
class Warden {
 public:
  /** Throws std::system_error. A spider that cannot be executed is reported by reap(). */
  Warden(const ChildOptions& options, const SpiderLimits& limits);
  Warden(const Warden&) = delete;
  Warden& operator=(const Warden&) = delete;
  Warden(Warden&&) = delete;
  Warden& operator=(Warden&&) = delete;

  /** Kills what is left of the spider, at once. */
  ~Warden();

  /** Readable once the spider and all that it started is gone. */
  [[nodiscard]] int fd() const noexcept { return result_.get(); }

  /** SIGTERM to the spider; after the grace once more; after the second grace SIGKILL to all. */
  void stop() const noexcept;

  /** SIGKILL to all, at once. */
  void kill() const noexcept;

  /** How it went; waits until fd() is readable. How long it took is for the caller to say. */
  [[nodiscard]] ChildReport reap();

 private:
  pid_t pid_ = -1;
  FileDescriptor result_;
};

}  // namespace spider_check::os
