#pragma once

#include <optional>
#include <string>

#include "core/time.hpp"

namespace spider_check {

/** An instant by this host's own clocks, for what must be remembered while there is no database. */
struct HostTime {
  std::string boot_id;     ///< of the boot in which it was taken
  Duration since_boot{0};  ///< CLOCK_BOOTTIME: goes on while the host sleeps, and nobody can set it
  Duration asleep{0};      ///< how much of that the host has slept
  TimePoint wall{};        ///< CLOCK_REALTIME: may be wrong, and may be set

  friend bool operator==(const HostTime&, const HostTime&) = default;
};

/**
 * How long ago it was. Within one boot by the clock that nobody can set; across boots there is only
 * the wall clock: empty when that went backwards, so that nobody can say.
 */
[[nodiscard]] std::optional<Duration> age(const HostTime& then, const HostTime& now);

/** The same; where nobody can say, as long as this boot has lasted, which it is at least. */
[[nodiscard]] Duration least_age(const HostTime& then, const HostTime& now);

/** The instant that much earlier. */
[[nodiscard]] HostTime earlier(HostTime time, Duration by);

/** Whether the host slept between the two, or has been booted since and not long ago. */
[[nodiscard]] bool woke_between(const HostTime& then, const HostTime& now);

}  // namespace spider_check
