#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "os/descriptors.hpp"
#include "os/process_tree.hpp"
#include "os/termination.hpp"
#include "util/interface.hpp"
#include "util/time.hpp"

struct rusage;

namespace spider_check {

/** What a child process is started with. */
struct ChildOptions {
  std::vector<std::string> command;  ///< argv; looked up in PATH, never given to a shell
  fs::path working_directory;        ///< empty: this program's own
  int output = -1;                   ///< becomes stdout
  int errors = -1;                   ///< becomes stderr
  std::vector<std::pair<std::string, std::string>> environment{};  ///< beside this program's own
  int nice = 0;    ///< added to this program's own niceness
  int input = -1;  ///< becomes stdin; -1: /dev/null does
  /** Gets its pid before it executes, where it may end the caller; not owned, may be null. */
  std::atomic<pid_t>* pid = nullptr;
};

/**
 * Starts a process in a session of its own, with its three descriptors only. It gets SIGTERM when
 * this one ends. Throws std::system_error, also where the program cannot be executed.
 */
[[nodiscard]] pid_t spawn(const ChildOptions& options);

/** What waitpid(2) says of an end. */
[[nodiscard]] Termination to_termination(int status);

/** Fills in what a child used. */
void set_usage(ChildReport& report, const rusage& usage);

/**
 * A short child process (see spawn()). The destructor kills it with all that it started, and reaps
 * it within a limit.
 */
class Child : NonCopyable {
 public:
  /** Throws std::system_error; also when the program cannot be executed. */
  explicit Child(const ChildOptions& options);
  ~Child();

  /** Readable once the child has ended. */
  [[nodiscard]] int fd() const noexcept { return pidfd_.get(); }

  /** When attend() is to be called at the latest; empty: never. */
  [[nodiscard]] std::optional<Escalation::Time> next() const { return escalation_.next(); }

  /**
   * Goes on without waiting; ended: fd() is readable. True once it has ended, or not even SIGKILL
   * ends it: then there is reap().
   */
  [[nodiscard]] bool attend(bool ended);

  /** Sends a signal to the child alone. */
  void signal(int signal) const noexcept;

  /** Begins to kill the child and all that it started. */
  void kill();

  /**
   * Reaps the child after attend(), and kills its group. Leaves `took` to the caller. Throws
   * std::system_error.
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

/** Where a program is, or why it cannot be executed. */
struct ProgramFile {
  fs::path path;            ///< the file; empty: none was found
  std::string why_not;      ///< empty: it can be executed
  bool other_user = false;  ///< it runs as whoever owns it: setuid
};

/** Looks for a program as execvpe(3) does, and for the interpreter of a script. */
[[nodiscard]] ProgramFile find_program(const std::string& name);

}  // namespace spider_check
