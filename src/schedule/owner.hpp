#pragma once

#include "os/host.hpp"
#include "util/time.hpp"

namespace spider_check {

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

/** Whether it ran before this machine was booted last. */
[[nodiscard]] bool is_of_former_boot(const Owner& owner, const Owner& self,
                                     const OwnerSigns& signs);

/**
 * Judges an owner whose lock is free. A machine id with another boot id is a former boot of this
 * machine only where the owner has been silent since before this boot: else it is a clone.
 *
 * takeover_after: how long it may be silent if its process cannot be looked for.
 */
[[nodiscard]] OwnerStatus owner_status(const Owner& owner, const Owner& self,
                                       const OwnerSigns& signs, Duration takeover_after);

/** How long an owner elsewhere has still to be silent until it is gone; less than 0: it is. */
[[nodiscard]] Duration time_until_gone(const OwnerSigns& signs, Duration takeover_after);

}  // namespace spider_check
