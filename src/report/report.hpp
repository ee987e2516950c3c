#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/health.hpp"
#include "schedule/crawl.hpp"
#include "schedule/decide.hpp"
#include "schedule/delay.hpp"
#include "schedule/run.hpp"
#include "schedule/run_store.hpp"
#include "util/interface.hpp"
#include "util/time.hpp"

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
  int stopped = 0;                    ///< of the failed ones, those that was_stopped() is true of
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

/** Which runs a history lists. What is empty does not matter. */
struct HistoryFilter {
  Duration age{0};  ///< only runs that started no longer ago
  std::optional<std::string> spider;
  std::optional<RunStatus> status;
  int most = 0;  ///< how many runs at most
};

/**
 * Reads what reports show of one schedule: each verb is one statement, whose cost does not grow
 * with the history that it does not show. All throw DbError.
 */
class ReportStore : public Interface {
 public:
  /** The runs, the newest first. Runs of the future are left out. */
  [[nodiscard]] virtual std::vector<RunRecord> runs(const HistoryFilter& filter) = 0;

  /** One run of this schedule; empty when there is none of this id. */
  [[nodiscard]] virtual std::optional<RunRecord> run(RunId id) = 0;

  /** Every attempt of every spider in this run, by attempt and spider. */
  [[nodiscard]] virtual std::vector<RecordedOutcome> all_outcomes(RunId id) = 0;

  /**
   * Each spider of the newest whole run that has outcomes, and of the newest that completed, by
   * name, each with its points of at most `most` newest attempts.
   */
  [[nodiscard]] virtual std::vector<SpiderSummary> spiders(int most) = 0;

  /** Each spider's attempts that are no older than `age`, at most `most` of each. */
  [[nodiscard]] virtual std::vector<SpiderSeries> series(Duration age, int most) = 0;

  /** The newest attempts that failed, at most `most`; without the ends of their logs. */
  [[nodiscard]] virtual std::vector<Failure> failures(int most) = 0;

  /** Whole runs that failed since the newest success; a thousand stands for more. */
  [[nodiscard]] virtual int failed_runs() = 0;
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
