#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schedule/decide.hpp"
#include "schedule/run.hpp"
#include "schedule/run_store.hpp"
#include "schedule/summary.hpp"
#include "util/time.hpp"

namespace spider_check {

/** Everything that `status` shows, before it is put into words. */
struct StatusReport {
  std::string schedule;
  Policy policy;
  State state;
  Decision decision;                      ///< what a tick would do now
  std::vector<RecordedOutcome> outcomes;  ///< of the last whole run, by spider
  std::vector<SpiderSummary> spiders;     ///< by name
  int failed_runs = 0;                    ///< whole runs that failed since the newest success
  bool database_away = false;  ///< it cannot be used: all of this is as the journal has it
  int waiting = 0;             ///< attempts in this host's journal that the database does not know
  int of_others = 0;           ///< attempts in it that belong to other databases
  std::vector<std::string> unreadable;  ///< what of it cannot be read, and what to do
  std::string journal;                  ///< where that is; empty: there is none
  std::string refused;  ///< why the database does not record them; empty: it was not asked
};

/** Whether the newest success is younger than the interval. */
[[nodiscard]] bool is_fresh(const StatusReport& report);

/** When the next run, or the next attempt, is due; empty when it is not known. */
[[nodiscard]] std::optional<TimePoint> next_due(const StatusReport& report);

/**
 * The state of a schedule, in the exit statuses of monitoring plugins (Monitoring Plugins
 * Development Guidelines). The command `health` ends by this table, and by no status of ExitCode.
 */
enum class HealthLevel {
  ok = 0,
  warning = 1,   ///< something is wrong that may pass by itself, or that a person wants so
  critical = 2,  ///< the data is too old, or a run failed for good
  unknown = 3,   ///< not known: wrong flags or configuration, no database
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
 * From which age on data is stale unless a flag says so: the interval and a quarter of it, at least
 * 15 minutes. The promise is the interval and one tick, but a success counts only once its run is
 * over: what is added leaves room for the tick, the run, and with the usual backoff the first
 * retries, so that a run that is retried raises no alarm.
 */
[[nodiscard]] Duration default_max_age(const Policy& policy);

/** A run is silent when it says nothing for so long: ten heartbeats were missed. */
inline constexpr Duration max_silence = std::chrono::minutes(5);

/** Judges a schedule by its status. Never HealthLevel::unknown. */
[[nodiscard]] Health judge_health(const StatusReport& report, Duration max_age);

}  // namespace spider_check
