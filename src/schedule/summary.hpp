#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schedule/crawl.hpp"
#include "schedule/delay.hpp"
#include "schedule/run.hpp"
#include "schedule/run_store.hpp"
#include "util/time.hpp"

namespace spider_check {

// Runs, spiders and a schedule in summary, as the database has them, for reports and notifications.
// All instants are the database's.

/** A run with what its spiders came to, as lists show it. */
struct RunRecord {
  Run run;                         ///< `lock_held` is not looked at
  std::optional<Trigger> trigger;  ///< empty in rows of an earlier program
  std::optional<Duration> late;    ///< how long after it was due it started
  int missed_intervals = 0;
  std::vector<std::string> faults;  ///< what was wrong that is no single spider's
  std::vector<Delay> delays;
  // By the newest attempt of each spider in this run.
  int ok = 0;
  int degraded = 0;
  int failed = 0;
  int stopped = 0;                    ///< of the failed ones, those that was_stopped() is true of
  std::optional<std::int64_t> items;  ///< of all crawls together; empty without one
};

/** One attempt of one spider, for series and sparklines. */
struct SpiderPoint {
  RunId run = 0;
  int attempt = 1;
  TimePoint started{};
  Duration took{0};
  Verdict verdict = Verdict::failed;
  std::optional<std::int64_t> items;  ///< empty for a program that is no crawl
  bool stopped = false;               ///< it failed only because it was_stopped()
};

/** One spider over all of its runs. */
struct SpiderSummary {
  std::string name;
  std::optional<TimePoint> last_success;  ///< the start of its newest attempt that did not fail
  RunId last_run = 0;                     ///< the run of `last`
  RecordedOutcome last;                   ///< its newest attempt
  TimePoint last_started{};
  std::optional<std::int64_t> median_items;  ///< of what is usual; empty while that is not known
  std::optional<std::int64_t> median_rows;   ///< the same of what check_sql counted
  std::vector<SpiderPoint> recent;           ///< its newest attempts, the oldest first
};

/** The newest attempts of one spider, the oldest first. */
struct SpiderSeries {
  std::string spider;
  std::vector<SpiderPoint> points;
};

/** A failed or degraded attempt of a spider. */
struct Failure {
  RunId run = 0;
  RecordedOutcome recorded;
  std::string log_end;  ///< the last lines of its log, as they are; empty where it is gone
};

/** How a schedule is doing, as the database knows it. */
struct ScheduleSummary {
  TimePoint now{};
  std::optional<TimePoint> newest_success;  ///< of a whole run, its start
  std::optional<TimePoint> first_try;       ///< the start of the first whole run since then
  std::optional<Run> last;                  ///< the newest whole run
  int failed_runs = 0;                      ///< whole runs since then that are marked failed
  std::vector<RecordedOutcome> outcomes;    ///< the newest of each spider in the last run
  int interrupted_runs = 0;                 ///< of those that failed
};

/** What people know of a schedule. */
struct NotificationState {
  int version = 0;  ///< changes each time; 0: there was no event yet
  bool failing = false;
  bool stale = false;
  std::vector<std::string> degraded;  ///< spiders
  std::optional<TimePoint> success;   ///< the newest that was looked at
};

/** Older messages are not sent. */
inline constexpr Duration max_notification_age = std::chrono::hours(24);

}  // namespace spider_check
