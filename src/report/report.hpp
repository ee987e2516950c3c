#pragma once

#include <string>
#include <vector>

#include "report/health.hpp"
#include "schedule/decide.hpp"
#include "schedule/delay.hpp"
#include "schedule/run_store.hpp"
#include "schedule/summary.hpp"
#include "util/time.hpp"

namespace spider_check {

// What reports show, before anything is put into words. All instants are the database's.

/** A time in which the data was stale and nothing changed that: one cause, without a break. */
struct Gap {
  TimePoint from{};
  TimePoint to{};
  DelayCause cause = DelayCause::unknown;
  std::string detail;  ///< in words; may be empty
  bool open = false;   ///< it lasts still: `to` is now

  friend bool operator==(const Gap&, const Gap&) = default;
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

/** Ticks come every few minutes: data that is stale for less than this is no gap. */
inline constexpr Duration min_gap = std::chrono::minutes(10);

/**
 * The times since `since` in which the data was stale, each with why, the newest first: from the
 * moment when a run was due to the start of the run that made an end of it, or to now. Pure.
 *
 * runs: the newest first, as a history has them; what was before the oldest of them is not seen,
 * unless that one says that it was late.
 * current: what keeps a run from starting right now, counted back from now.
 */
[[nodiscard]] std::vector<Gap> find_gaps(const std::vector<RunRecord>& runs, const Policy& policy,
                                         TimePoint since, TimePoint now,
                                         const std::vector<Delay>& current = {});

}  // namespace spider_check
