#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/ports.hpp"
#include "core/termination.hpp"
#include "core/time.hpp"
#include "os/file_descriptor.hpp"

namespace spider_check::os {

/** What a child process is started with. */
struct ChildOptions {
  std::vector<std::string> command;         ///< argv; looked up in PATH, never given to a shell
  std::filesystem::path working_directory;  ///< empty: this program's own
  int output = -1;                          ///< becomes stdout
  int errors = -1;                          ///< becomes stderr
};

/**
 * A child process in a session and process group of its own, with stdin from /dev/null and this
 * program's environment. It is sent SIGTERM if this program dies. The destructor kills the group
 * and reaps the child.
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
