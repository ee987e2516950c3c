#pragma once

#include <chrono>

namespace spider_check {

/** A length of time. Microseconds, because that is what PostgreSQL keeps. */
using Duration = std::chrono::microseconds;

/** An instant, always in UTC. What is compared comes from one clock: the database's. */
using TimePoint = std::chrono::sys_time<Duration>;

/** What PostgreSQL's '-infinity' and 'infinity' are here, and what lies beyond: instants that can
 * be subtracted and shown. */
inline constexpr TimePoint infinitely_old = std::chrono::sys_days{std::chrono::year{1} / 1 / 1};
inline constexpr TimePoint infinitely_far = std::chrono::sys_days{std::chrono::year{9999} / 1 / 1};

}  // namespace spider_check
