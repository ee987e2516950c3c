#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/interface.hpp"
#include "core/report.hpp"

namespace spider_check {

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

}  // namespace spider_check
