#pragma once

#include <cstdint>
#include <string>

#include "core/time.hpp"

namespace spider_check {

/**
 * Who runs a run: enough to say for certain that a process is gone. A pid alone is not (it is used
 * again), nor a pid with its start time (counted from boot), nor both without the pid namespace
 * (two containers of one host have a pid 1 each).
 */
struct Owner {
  std::string host;                ///< empty: unknown, a row of an earlier program
  std::string boot_id;             ///< /proc/sys/kernel/random/boot_id
  std::int64_t pid_namespace = 0;  ///< the inode of /proc/self/ns/pid
  int pid = 0;
  std::int64_t process_start = 0;  ///< clock ticks since boot, field 22 of /proc/PID/stat
  std::string machine{};           ///< /etc/machine-id; empty: unknown

  friend bool operator==(const Owner&, const Owner&) = default;
};

/** What is known of the owner of a run whose lock is free. */
enum class OwnerFate {
  alive,    ///< on this host, and its process is there: it needs time to get its connection back
  gone,     ///< provably: it will never write again
  unknown,  ///< somewhere else, and heard of not long ago
};

/** Whether this process could ask for the owner by its pid: same host, boot and pid namespace. */
[[nodiscard]] bool is_neighbour(const Owner& owner, const Owner& self);

/**
 * Judges an owner whose lock is free. Another boot of the same host is known by host name and
 * machine id together: two machines may share either.
 *
 * process_exists: whether is_neighbour(owner, self) and its very process (pid and start) exists.
 * silence: how long ago it last wrote, by the database's clock.
 * takeover_after: how long it may be silent where nobody can look for its process.
 */
[[nodiscard]] OwnerFate judge_owner(const Owner& owner, const Owner& self, bool process_exists,
                                    Duration silence, Duration takeover_after);

}  // namespace spider_check
