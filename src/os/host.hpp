#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "util/interface.hpp"
#include "util/time.hpp"

namespace spider_check {

/**
 * Who runs a run. A pid is used again, a start time counts from boot, and two containers of one
 * host have a pid 1 each: only all of it together says that a process is gone.
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

/** What only the operating system knows about owners, and about this host's time. */
class Host : public Interface {
 public:
  /** This very process. */
  [[nodiscard]] virtual const Owner& self() const = 0;

  /**
   * Whether a neighbour's (same_pid_namespace) process, or a supervisor of its, is alive or hidden.
   */
  [[nodiscard]] virtual bool exists(const Owner& neighbour) const = 0;

  /** Whether this very process of this boot and pid namespace lives; start 0: unknown. A hidden one
   * does. */
  [[nodiscard]] virtual bool is_alive(int pid, std::int64_t start) const = 0;

  /** Now, by the clocks of this host. */
  [[nodiscard]] virtual HostTime now() const = 0;

  /** A random UUID, version 4. */
  [[nodiscard]] virtual std::string new_uuid() const = 0;
};

/** The host's name. Throws std::system_error. */
[[nodiscard]] std::string host_name();

/** Reads /proc: who this process is, and whether another one is still there. */
class ThisHost final : public Host {
 public:
  /** Read at the first call, since a tick that skips needs none of it. Throws std::system_error. */
  [[nodiscard]] const Owner& self() const override;

  [[nodiscard]] bool exists(const Owner& neighbour) const override;
  [[nodiscard]] bool is_alive(int pid, std::int64_t start) const override;
  [[nodiscard]] HostTime now() const override;
  [[nodiscard]] std::string new_uuid() const override;

 private:
  mutable std::optional<Owner> self_;
};

}  // namespace spider_check
