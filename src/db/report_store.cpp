#include "db/report_store.hpp"

#include <utility>

#include "db/migrator.hpp"
#include "db/outcome_reads.hpp"
#include "db/report_rows.hpp"

namespace spider_check::db {

PgReportStore::PgReportStore(Session& session, std::string schedule)
    : session_(session), schedule_(std::move(schedule)) {}

template <typename Statements>
auto PgReportStore::read(Statements&& statements) {
  try {
    return session_.run(std::forward<Statements>(statements));
  } catch (const DbError& error) {
    if (error.kind() == DbError::Kind::not_migrated) require_migrated(session_);
    throw;
  }
}

std::vector<RunRecord> PgReportStore::runs(const HistoryFilter& filter) {
  return read([&](soci::session& sql) { return read_runs(sql, schedule_, filter); });
}

std::optional<RunRecord> PgReportStore::run(RunId id) {
  return read([&](soci::session& sql) { return read_run_record(sql, schedule_, id); });
}

std::vector<RecordedOutcome> PgReportStore::all_outcomes(RunId id) {
  return read([&](soci::session& sql) { return every_outcome(sql, id); });
}

std::vector<SpiderSummary> PgReportStore::spiders(int most) {
  return read([&](soci::session& sql) { return read_spiders(sql, schedule_, most); });
}

std::vector<SpiderSeries> PgReportStore::series(Duration age, int most) {
  return read([&](soci::session& sql) { return read_series(sql, schedule_, age, most); });
}

std::vector<Failure> PgReportStore::failures(int most) {
  return read([&](soci::session& sql) { return read_failures(sql, schedule_, most); });
}

int PgReportStore::failed_runs() {
  return read([&](soci::session& sql) { return count_failed_runs(sql, schedule_); });
}

}  // namespace spider_check::db
