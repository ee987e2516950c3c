#pragma once

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>

#include <sys/resource.h>
#include <sys/types.h>

#include "os/child.hpp"
#include "os/termination.hpp"

namespace spider_check {

// What a program tells its supervisors, each by a signal that no terminal and no service manager
// sends.
inline constexpr int supervisor_stop =
    SIGUSR1;  ///< also what the kernel sends when the program dies
inline constexpr int supervisor_kill = SIGUSR2;

/** What a supervisor reports, in shared memory, so that it stays when the supervisor is killed. */
struct SupervisorResult {
  struct Left {
    pid_t pid = 0;
    std::int64_t start = 0;
    char state = '?';
    std::array<char, 16> name{};
  };

  std::atomic<pid_t> spider{0};    ///< once it was started
  std::atomic<bool> ended{false};  ///< the spider has: status and usage are told
  std::atomic<bool> done{false};   ///< all that it started has, or is left
  int status = 0;                  ///< of waitpid(2)
  rusage usage{};
  int error = 0;                 ///< errno of why it was not started
  std::array<char, 1000> why{};  ///< what could not be done; ends with a zero byte
  std::array<Left, 8> left{};    ///< what could not be ended
  std::atomic<std::size_t> lefts{0};
};

/**
 * The life of a supervisor, in a process just made by `parent`. The output of `options` is the log.
 */
[[noreturn]] void supervisor_main(const ChildOptions& options, const SpiderLimits& limits,
                                  SupervisorResult& result, pid_t parent);

}  // namespace spider_check
