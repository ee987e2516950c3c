#pragma once

#include <chrono>

namespace spider_check {

/** A length of time. Microseconds, because that is what PostgreSQL keeps. */
using Duration = std::chrono::microseconds;

/** An instant, always in UTC. What is compared comes from one clock: the database's. */
using TimePoint = std::chrono::sys_time<Duration>;

}  // namespace spider_check
