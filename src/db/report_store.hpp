#pragma once

#include <optional>
#include <string>
#include <vector>

#include <soci/soci.h>

#include "db/session.hpp"
#include "schedule/run.hpp"
#include "schedule/run_store.hpp"
#include "schedule/summary.hpp"
#include "util/time.hpp"

namespace spider_check {

/** The newest outcome of each spider in this run, by name. Throws soci_error. */
[[nodiscard]] std::vector<RecordedOutcome> newest_outcomes(soci::session& sql, RunId run);

/** Which runs a history lists. What is empty does not matter. */
struct HistoryFilter {
  Duration age{0};  ///< only runs that started no longer ago
  std::optional<std::string> spider;
  std::optional<RunStatus> status;
  int most = 0;  ///< how many runs at most
};

/**
 * What reports show of one schedule. Each verb is a bounded number of statements, whose cost does
 * not grow with the history that they do not show. All throw DbError; one that names `migrate`
 * where the schema is not the one that is needed.
 */
class ReportStore {
 public:
  /** `session` outlives the store. */
  ReportStore(Session& session, std::string schedule);

  /** The runs, the newest first. Runs of the future are left out. */
  [[nodiscard]] std::vector<RunRecord> runs(const HistoryFilter& filter);

  /** One run of this schedule; empty when there is none of this id. */
  [[nodiscard]] std::optional<RunRecord> run(RunId id);

  /** Every attempt of every spider in this run, by attempt and spider. */
  [[nodiscard]] std::vector<RecordedOutcome> all_outcomes(RunId id);

  /**
   * Each spider of the newest whole runs, by name, with the points of its newest attempts, at most
   * `most`.
   */
  [[nodiscard]] std::vector<SpiderSummary> spiders(int most);

  /** The attempts of each of these spiders that are no older than `age`, at most `most`. */
  [[nodiscard]] std::vector<SpiderSeries> series(Duration age, int most);

  /** Their newest attempts that failed, at most `most`; without the ends of their logs. */
  [[nodiscard]] std::vector<Failure> failures(int most);

  /** Whole runs that failed since the newest success; a thousand stands for more. */
  [[nodiscard]] int failed_runs();

 private:
  Session& session_;
  std::string schedule_;
};

}  // namespace spider_check
