#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <soci/soci.h>

#include "core/report.hpp"
#include "core/run_store.hpp"
#include "db/session.hpp"

namespace spider_check::db {

// Reads of spider_run. All throw soci_error, which Session::run turns into DbError.

/** How many columns outcome_columns() are. */
inline constexpr std::size_t outcome_width = 15;

/** What read_outcome() reads, in its order. */
[[nodiscard]] std::string outcome_columns();

/** What a list shows of an outcome, not the whole of it; first: the column where it begins. */
[[nodiscard]] RecordedOutcome read_outcome(const soci::row& row, std::size_t first);

/** The newest outcome of each spider in this run, by name. */
[[nodiscard]] std::vector<RecordedOutcome> newest_outcomes(soci::session& sql, RunId run);

/** Every outcome in this run, by attempt and name. */
[[nodiscard]] std::vector<RecordedOutcome> every_outcome(soci::session& sql, RunId run);

// What reports read: one statement each. All throw soci_error, which Session::run turns into
// DbError.

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

/** Whole runs that failed since the newest success, as far as a thousand. */
[[nodiscard]] int count_failed_runs(soci::session& sql, const std::string& schedule);

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

}  // namespace spider_check::db
