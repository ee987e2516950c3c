#pragma once

#include <optional>

#include <sys/types.h>

#include "core/termination.hpp"
#include "os/file_descriptor.hpp"
#include "os/process_tree.hpp"
#include "os/spawn.hpp"

namespace spider_check::os {

/**
 * A short child process of this one (see spawn()). The destructor kills it with all that it started
 * and reaps it; it waits for that a bounded time.
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

  /** When attend() is to be called at the latest; empty: never. */
  [[nodiscard]] std::optional<Escalation::Time> next() const { return escalation_.next(); }

  /**
   * Goes on without waiting; ended: fd() is readable. True once the child has ended, or is given up
   * because not even SIGKILL ends it: then there is reap().
   */
  [[nodiscard]] bool attend(bool ended);

  /** Sends a signal to the child alone. */
  void signal(int signal) const noexcept;

  /** Begins to kill the child and all that it started. */
  void kill();

  /**
   * Reaps the child, which must have ended or be given up, and kills what it left in its group. How
   * long it took is for the caller to say. Throws std::system_error.
   */
  [[nodiscard]] ChildReport reap();

 private:
  void kill_group() const noexcept;
  void kill_tree() const;
  [[nodiscard]] ChildReport given_up();

  pid_t pid_ = -1;
  FileDescriptor pidfd_;
  Escalation escalation_{Duration{0}, Duration{0}};
  bool ended_ = false;
};

}  // namespace spider_check::os
