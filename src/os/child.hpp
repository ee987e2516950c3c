#pragma once

#include <sys/types.h>

#include "core/termination.hpp"
#include "os/file_descriptor.hpp"
#include "os/spawn.hpp"

namespace spider_check::os {

/**
 * A short child process of this one (see spawn()). The destructor kills its group and reaps it.
 */
class Child {
 public:
  /** Throws std::system_error; also when the program cannot be executed. */
  explicit Child(const ChildOptions& options);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child(Child&&) = delete;
  Child& operator=(Child&&) = delete;
  ~Child();

  /** Readable once the child has ended. */
  [[nodiscard]] int fd() const noexcept { return pidfd_.get(); }

  /** Sends a signal to the child alone. */
  void signal(int signal) const noexcept;

  /** Sends SIGKILL to every process of the child's group. */
  void kill_group() const noexcept;

  /**
   * Reaps the child, which must have ended, and kills what it left in its group. How long it took
   * is for the caller to say. Throws std::system_error.
   */
  [[nodiscard]] ChildReport reap();

 private:
  pid_t pid_ = -1;
  FileDescriptor pidfd_;
};

}  // namespace spider_check::os
