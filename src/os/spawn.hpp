#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "core/termination.hpp"
#include "core/time.hpp"

struct rusage;

namespace spider_check::os {

/** What a child process is started with. */
struct ChildOptions {
  std::vector<std::string> command;         ///< argv; looked up in PATH, never given to a shell
  std::filesystem::path working_directory;  ///< empty: this program's own
  int output = -1;                          ///< becomes stdout
  int errors = -1;                          ///< becomes stderr
  std::vector<std::pair<std::string, std::string>> environment{};  ///< beside this program's own
  int nice = 0;                ///< added to this program's own niceness
  int input = -1;              ///< becomes stdin; -1: /dev/null does
  std::atomic<pid_t>* told{};  ///< gets the pid before the program begins; null: nothing does
};

/**
 * Starts a process in a session and group of its own, with no descriptor but its three. It gets
 * SIGTERM when this one ends. Throws std::system_error, also when the program cannot be executed.
 * The caller waits for it.
 */
[[nodiscard]] pid_t spawn(const ChildOptions& options);

/** What waitpid(2) says of an end. */
[[nodiscard]] Termination to_termination(int status);

/** Fills in what a child used. */
void set_usage(ChildReport& report, const rusage& usage);

}  // namespace spider_check::os
