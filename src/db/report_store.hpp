#pragma once

#include <optional>
#include <string>
#include <vector>

#include <soci/soci.h>

#include "db/session.hpp"
#include "report/report.hpp"
#include "schedule/run_store.hpp"

namespace spider_check {

// Reads of spider_run. All throw soci_error, which Session::run turns into DbError.

/** The newest outcome of each spider in this run, by name. */
[[nodiscard]] std::vector<RecordedOutcome> newest_outcomes(soci::session& sql, RunId run);

/** Every outcome in this run, by attempt and name. */
[[nodiscard]] std::vector<RecordedOutcome> every_outcome(soci::session& sql, RunId run);

// What reports read. All throw soci_error, which Session::run turns into DbError.

[[nodiscard]] std::vector<RunRecord> read_runs(soci::session& sql, const std::string& schedule,
                                               const HistoryFilter& filter);

[[nodiscard]] std::optional<RunRecord> read_run_record(soci::session& sql,
                                                       const std::string& schedule, RunId id);

[[nodiscard]] std::vector<SpiderSummary> read_spiders(soci::session& sql,
                                                      const std::string& schedule, int most);

[[nodiscard]] std::vector<SpiderSeries> read_series(soci::session& sql, const std::string& schedule,
                                                    Duration age, int most);

[[nodiscard]] std::vector<Failure> read_failures(soci::session& sql, const std::string& schedule,
                                                 int most);

/** What PostgreSQL knows of one schedule, for reports. */
class PgReportStore final : public ReportStore {
 public:
  /** `session` outlives the store. */
  PgReportStore(Session& session, std::string schedule);

  [[nodiscard]] std::vector<RunRecord> runs(const HistoryFilter& filter) override;
  [[nodiscard]] std::optional<RunRecord> run(RunId id) override;
  [[nodiscard]] std::vector<RecordedOutcome> all_outcomes(RunId id) override;
  [[nodiscard]] std::vector<SpiderSummary> spiders(int most) override;
  [[nodiscard]] std::vector<SpiderSeries> series(Duration age, int most) override;
  [[nodiscard]] std::vector<Failure> failures(int most) override;
  [[nodiscard]] int failed_runs() override;

 private:
  /** Throws DbError; one that says so when the schema is not the one that is needed. */
  template <typename Statements>
  auto read(Statements&& statements);

  Session& session_;
  std::string schedule_;
};

}  // namespace spider_check
