#pragma once

#include <csignal>

#include <sys/resource.h>
#include <sys/types.h>

#include "core/spider_rules.hpp"
#include "os/spawn.hpp"

namespace spider_check::os {

// What a program tells its wardens, each by a signal that no terminal and no service manager sends.
inline constexpr int warden_stop = SIGUSR1;  ///< also what the kernel sends when the program dies
inline constexpr int warden_kill = SIGUSR2;

/** What a warden writes into its pipe at the end. */
struct WardenResult {
  bool started = false;  ///< and its end was told
  int status = 0;        ///< of waitpid(2)
  rusage usage{};
  char why[1000]{};  ///< why not; ends with a zero byte
};

/**
 * The whole life of a warden, in a process just forked from `parent`: it has nothing but `options`,
 * whose output and errors are one log, and the pipe.
 */
[[noreturn]] void live_as_warden(const ChildOptions& options, const SpiderLimits& limits, int pipe,
                                 pid_t parent);

}  // namespace spider_check::os
