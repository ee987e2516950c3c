#pragma once

#include <string>

#include "core/report_store.hpp"
#include "db/session.hpp"

namespace spider_check::db {

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
