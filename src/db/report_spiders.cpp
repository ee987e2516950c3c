// Spiders as reports list them: each over all of its runs.

#include "core/verdict.hpp"
#include "db/attempts_of_name.hpp"
#include "db/outcome_reads.hpp"
#include "db/report_rows.hpp"
#include "db/run_rows.hpp"
#include "db/values.hpp"

namespace spider_check::db {

namespace {

/**
 * The spiders of the schedule: those of its newest whole runs, one of which may just have begun,
 * and of its newest success.
 */
std::string names() {
  return "WITH names AS MATERIALIZED (SELECT DISTINCT spider AS name FROM spider_run "
         "WHERE run_id = ANY (ARRAY("
         "(SELECT id FROM scheduler_state WHERE schedule = :schedule AND NOT partial "
         "AND last_run_at <= now() ORDER BY last_run_at DESC, id DESC LIMIT 2) UNION ALL (" +
         newest_success("id") + ")))) ";
}

/** Behind the columns of an outcome. */
constexpr std::size_t run_column = outcome_width;
constexpr std::size_t started_column = outcome_width + 1;

std::string point_columns() {
  return outcome_columns() + ", run_id::bigint, " + to_microseconds("started_at");
}

SpiderPoint point_of(const soci::row& row, const RecordedOutcome& recorded) {
  const auto& outcome = recorded.outcome;
  SpiderPoint point;
  point.run = row.get<long long>(run_column);
  point.attempt = recorded.attempt;
  point.started = from_microseconds(row.get<long long>(started_column));
  point.took = outcome.child.took;
  point.verdict = outcome.judgement.verdict;
  if (outcome.crawl) point.items = outcome.crawl->progress.items;
  return point;
}

SpiderSummary summary_of(const soci::row& row, const RecordedOutcome& newest) {
  constexpr auto more = started_column + 1;
  SpiderSummary summary;
  summary.name = newest.outcome.spider;
  summary.last = newest;
  summary.last_run = row.get<long long>(run_column);
  summary.last_started = from_microseconds(row.get<long long>(started_column));
  if (row.get_indicator(more) == soci::i_ok) {
    summary.last_success = from_microseconds(row.get<long long>(more));
  }
  if (row.get_indicator(more + 1) == soci::i_ok) {
    summary.median_items = row.get<long long>(more + 1);
  }
  if (row.get_indicator(more + 2) == soci::i_ok) {
    summary.median_rows = row.get<long long>(more + 2);
  }
  return summary;
}

}  // namespace

std::vector<SpiderSummary> read_spiders(soci::session& sql, const std::string& schedule, int most) {
  const int baseline = static_cast<int>(runs_for_baseline);
  // As the verdict sees it: the upper one of the middle two. NULLs come last.
  const auto median = [](const std::string& column) {
    return "CASE WHEN count(" + column + ") >= :usual THEN (array_agg(" + column + " ORDER BY " +
           column + "))[count(" + column + ") / 2 + 1] END";
  };
  const auto query =
      names() + "SELECT " + point_columns() +
      ", success, median, median_rows FROM names CROSS JOIN LATERAL (" + attempts_of_name("r.*") +
      newest_attempt_first() + "LIMIT :most) AS point LEFT JOIN LATERAL (" +
      attempts_of_name(to_microseconds("r.started_at") + " AS success") +
      "AND r.verdict <> 'failed' " + newest_attempt_first() +
      "LIMIT 1) AS good ON true CROSS JOIN LATERAL (SELECT " + median("items") + " AS median, " +
      median("rows") + " AS median_rows FROM (" + baseline_attempts_of_name("r.items, r.rows") +
      ") AS usual_runs) AS usual ORDER BY name, started_at DESC, run_id DESC, attempt DESC";
  const soci::rowset<soci::row> rows = (sql.prepare << query, soci::use(schedule, "schedule"),
                                        soci::use(most, "most"), soci::use(baseline, "usual"));
  std::vector<SpiderSummary> summaries;
  for (const auto& row : rows) {
    const auto recorded = read_outcome(row, 0);
    if (summaries.empty() || summaries.back().name != recorded.outcome.spider) {
      summaries.push_back(summary_of(row, recorded));
    }
    auto& recent = summaries.back().recent;
    recent.insert(recent.begin(), point_of(row, recorded));
  }
  return summaries;
}

std::vector<SpiderSeries> read_series(soci::session& sql, const std::string& schedule, Duration age,
                                      int most) {
  const auto microseconds = static_cast<long long>(age.count());
  const auto query = names() + "SELECT " + point_columns() + " FROM names CROSS JOIN LATERAL (" +
                     attempts_of_name("r.*") + "AND r.started_at >= now() - " +
                     to_interval(":age") + " " + newest_attempt_first() +
                     "LIMIT :most) AS point ORDER BY name, started_at, run_id, attempt";
  const soci::rowset<soci::row> rows = (sql.prepare << query, soci::use(schedule, "schedule"),
                                        soci::use(microseconds, "age"), soci::use(most, "most"));
  std::vector<SpiderSeries> series;
  for (const auto& row : rows) {
    const auto recorded = read_outcome(row, 0);
    const auto& name = recorded.outcome.spider;
    if (series.empty() || series.back().spider != name) series.push_back({name, {}});
    series.back().points.push_back(point_of(row, recorded));
  }
  return series;
}

std::vector<Failure> read_failures(soci::session& sql, const std::string& schedule, int most) {
  const auto query =
      names() + "SELECT " + point_columns() + " FROM names CROSS JOIN LATERAL (" +
      attempts_of_name("r.*") + "AND r.verdict = 'failed' " + newest_attempt_first() +
      "LIMIT :most) AS failed ORDER BY started_at DESC, run_id DESC, name LIMIT :most";
  const soci::rowset<soci::row> rows =
      (sql.prepare << query, soci::use(schedule, "schedule"), soci::use(most, "most"));
  std::vector<Failure> failures;
  for (const auto& row : rows) {
    failures.push_back({row.get<long long>(run_column), read_outcome(row, 0), ""});
  }
  return failures;
}

}  // namespace spider_check::db
