#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/delay.hpp"
#include "core/run.hpp"
#include "core/run_store.hpp"
#include "core/status.hpp"
#include "core/time.hpp"
#include "core/verdict.hpp"

namespace spider_check {

// What reports are made from, before anything is put into words: read in a bounded number of
// queries however long the history is. All instants are the database's.

/** A time in which the data was stale and nothing changed that: one cause, without a break. */
struct Gap {
  TimePoint from{};
  TimePoint to{};
  DelayCause cause = DelayCause::unknown;
  std::string detail;  ///< in words; may be empty
  bool open = false;   ///< it lasts still: `to` is now

  friend bool operator==(const Gap&, const Gap&) = default;
};

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
  std::optional<std::int64_t> items;  ///< of all crawls together; empty where none told
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

/** One run whole. */
struct RunReport {
  std::string schedule;
  TimePoint now{};
  RunRecord record;
  std::vector<RecordedOutcome> outcomes;  ///< of every attempt, by attempt and spider
};

/** The runs since an instant, and the times in which nothing ran. */
struct HistoryReport {
  std::string schedule;
  TimePoint now{};
  TimePoint since{};
  std::vector<RunRecord> runs;  ///< the newest first
  std::vector<Gap> gaps;        ///< the newest first
  bool cut = false;             ///< there are more runs than were read
};

/** Everything that the page shows. */
struct PageReport {
  StatusReport status;
  HistoryReport history;
  std::vector<SpiderSeries> series;  ///< by spider
  std::vector<Failure> failures;     ///< the newest first
};

}  // namespace spider_check
