#pragma once

#include <cstdint>
#include <string>

#include "core/interface.hpp"
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
  std::string machine{};           ///< /etc/machine-id, which clones of a disk share

  friend bool operator==(const Owner&, const Owner&) = default;
};

/** What is known of the owner of a run whose lock is free. */
enum class OwnerStatus {
  alive,    ///< on this host, and its process is there: it needs time to get its connection back
  gone,     ///< provably: it will never write again, and none of its spiders lives
  unknown,  ///< somewhere else, and heard of not long ago
};

/** By what an owner whose lock is free is judged. */
struct OwnerSigns {
  bool process_exists =
      false;            ///< same_pid_namespace(), and its very process is not seen to be gone
  Duration silence{0};  ///< how long ago it last wrote
  Duration uptime{0};   ///< how long ago this host was booted
  Duration spiders_outlive{0};  ///< how long its spiders may live after it last wrote
  /** For how long the database has been there for it to come back to. */
  Duration reachable = Duration::max();
};

/**
 * Whether this process could ask for the owner by its pid: same boot and pid namespace, by whatever
 * name the host went then.
 */
[[nodiscard]] bool same_pid_namespace(const Owner& owner, const Owner& self);

/**
 * Judges an owner whose lock is free. A machine id with another boot id is a former boot of this
 * machine only where the owner has been silent since before this boot: else it is a clone.
 *
 * takeover_after: how long it may be silent where nobody can look for its process.
 */
[[nodiscard]] OwnerStatus owner_status(const Owner& owner, const Owner& self,
                                       const OwnerSigns& signs, Duration takeover_after);

/** How long an owner elsewhere has still to be silent until it is gone; less than 0: it is. */
[[nodiscard]] Duration time_until_gone(const OwnerSigns& signs, Duration takeover_after);

/** What only the operating system knows about owners, and about this host's time. */
class Host : public Interface {
 public:
  /** This very process. */
  [[nodiscard]] virtual const Owner& self() const = 0;

  /**
   * Whether the very process of a neighbour (same_pid_namespace), or one that stops its spiders,
   * exists. One that nobody lets us see exists.
   */
  [[nodiscard]] virtual bool exists(const Owner& neighbour) const = 0;

  /** Whether this very process of this boot and pid namespace lives; start 0: unknown. */
  [[nodiscard]] virtual bool is_alive(int pid, std::int64_t start) const = 0;

  /** Now, by the clocks of this host. */
  [[nodiscard]] virtual HostTime now() const = 0;

  /** A random UUID, version 4. */
  [[nodiscard]] virtual std::string new_uuid() const = 0;
};

}  // namespace spider_check
