#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/status.hpp"
#include "core/time.hpp"

namespace spider_check {

/**
 * How a schedule fares, in the exit statuses of monitoring plugins (Monitoring Plugins Development
 * Guidelines). The command `health` ends by this table, and by no status of ExitCode.
 */
enum class HealthLevel {
  ok = 0,
  warning = 1,   ///< something is wrong that may mend by itself, or that a person wanted so
  critical = 2,  ///< the data is too old, or a run failed for good
  unknown = 3,   ///< nobody can say: wrong flags or configuration, no database
};

/** "OK", "WARNING", "CRITICAL", "UNKNOWN" */
[[nodiscard]] std::string_view to_text(HealthLevel level);

/** A judgement on a schedule. */
struct Health {
  HealthLevel level = HealthLevel::ok;
  Duration max_age{0};               ///< older data is stale
  std::vector<std::string> reasons;  ///< in words, the gravest first, not yet printable
};

/**
 * From which age on data is stale where nobody said so: the interval and a quarter of it, at least
 * 15 minutes. The promise is the interval and one tick, but a success counts only once its run is
 * over: what is added leaves room for the tick, the run, and with the usual backoff the first
 * retries, so that a run that mends by itself alarms nobody.
 */
[[nodiscard]] Duration default_max_age(const Policy& policy);

/** A run is silent when it says nothing for so long: ten heartbeats were missed. */
inline constexpr Duration max_silence = std::chrono::minutes(5);

/** Judges a schedule by its status. Never HealthLevel::unknown. */
[[nodiscard]] Health judge_health(const StatusReport& report, Duration max_age);

}  // namespace spider_check
