#include "db/report_store.hpp"

#include <algorithm>
#include <utility>

#include "core/crawl.hpp"
#include "db/migrator.hpp"
#include "db/run_rows.hpp"
#include "db/values.hpp"

namespace spider_check::db {

namespace {

Termination read_termination(const soci::row& row, std::size_t exit_code, std::size_t signal,
                             const std::vector<std::string>& reasons) {
  if (row.get_indicator(exit_code) == soci::i_ok) return Exited{row.get<int>(exit_code)};
  if (row.get_indicator(signal) == soci::i_ok) return Signaled{row.get<int>(signal)};
  // The columns are the same for a spider whose end nobody saw.
  const bool started = std::none_of(reasons.begin(), reasons.end(), [](const auto& reason) {
    return reason.find(to_text(NotStarted{})) != std::string::npos;
  });
  if (started) return Unknown{};
  return NotStarted{};
}

/** What a list shows of a crawl, not the whole of it. */
CrawlReport read_crawl(const soci::row& row, std::size_t items) {
  CrawlReport crawl;
  crawl.source = CrawlSource::probe;
  crawl.progress = {row.get<long long>(items), row.get<long long>(items + 1),
                    row.get<long long>(items + 2)};
  return crawl;
}

}  // namespace

std::string outcome_columns() {
  return "spider, attempt, verdict, array_to_string(reasons, E'\\n'), exit_code, signal, "
         "coalesce(log_path, ''), " +
         to_microseconds("finished_at") + ", " + took_in_microseconds("") + ", " +
         interval_in_microseconds("coalesce(cpu_time, interval '0')") +
         ", coalesce(peak_memory, 0), items, coalesce(pages, 0), coalesce(errors, 0), rows";
}

RecordedOutcome read_outcome(const soci::row& row, std::size_t first) {
  RecordedOutcome recorded;
  auto& outcome = recorded.outcome;
  outcome.spider = row.get<std::string>(first);
  recorded.attempt = row.get<int>(first + 1);
  outcome.judgement.verdict =
      parse_verdict(row.get<std::string>(first + 2)).value_or(Verdict::failed);
  outcome.judgement.reasons = lines_of(row.get<std::string>(first + 3));
  outcome.child.termination =
      read_termination(row, first + 4, first + 5, outcome.judgement.reasons);
  outcome.log = row.get<std::string>(first + 6);
  recorded.finished = from_microseconds(row.get<long long>(first + 7));
  outcome.child.took = Duration(row.get<long long>(first + 8));
  outcome.child.cpu_time = Duration(row.get<long long>(first + 9));
  outcome.child.peak_memory = row.get<long long>(first + 10);
  if (row.get_indicator(first + 11) == soci::i_ok) outcome.crawl = read_crawl(row, first + 11);
  if (row.get_indicator(first + 14) == soci::i_ok) outcome.rows = row.get<long long>(first + 14);
  return recorded;
}

std::vector<RecordedOutcome> newest_outcomes(soci::session& sql, RunId run) {
  const auto id = static_cast<long long>(run);
  const soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT DISTINCT ON (spider) " << outcome_columns()
                   << " FROM spider_run WHERE run_id = :id ORDER BY spider, attempt DESC",
       soci::use(id));
  std::vector<RecordedOutcome> outcomes;
  for (const auto& row : rows) outcomes.push_back(read_outcome(row, 0));
  return outcomes;
}

std::vector<RecordedOutcome> every_outcome(soci::session& sql, RunId run) {
  const auto id = static_cast<long long>(run);
  const soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT " << outcome_columns()
                   << " FROM spider_run WHERE run_id = :id ORDER BY attempt, spider",
       soci::use(id));
  std::vector<RecordedOutcome> outcomes;
  for (const auto& row : rows) outcomes.push_back(read_outcome(row, 0));
  return outcomes;
}

}  // namespace spider_check::db

// Runs as reports list them, each with what its spiders came to.

namespace spider_check::db {

namespace {

// What is no run: the marker of an earlier program's installation, and the row that it left behind
// at a run's start once there is a newer one.
constexpr const char* is_a_run =
    "NOT (status = 'completed' AND spider_count = 0 AND NOT partial) "
    "AND NOT (status = 'running' AND owner_token IS NULL AND EXISTS (SELECT FROM scheduler_state n "
    "WHERE n.schedule = scheduler_state.schedule AND (n.last_run_at, n.id) > "
    "(scheduler_state.last_run_at, scheduler_state.id)))";

/** The runs that `chosen`, a query for their rows, gives, with what read_record() reads. */
std::string records_of(const std::string& chosen) {
  return "SELECT " + run_columns() + ", coalesce(trigger, ''), " +
         interval_in_microseconds("lateness") +
         ", coalesce(missed_intervals, 0), coalesce(array_to_string(faults, E'\\n'), ''), "
         "coalesce(hindrances::text, ''), ok, degraded, failed, sum_of_items FROM (" +
         chosen +
         ") AS run CROSS JOIN LATERAL (SELECT "
         "(count(*) FILTER (WHERE verdict = 'ok'))::int AS ok, "
         "(count(*) FILTER (WHERE verdict = 'degraded'))::int AS degraded, "
         "(count(*) FILTER (WHERE verdict = 'failed'))::int AS failed, "
         "sum(items)::bigint AS sum_of_items FROM (SELECT DISTINCT ON (spider) verdict, items "
         "FROM spider_run WHERE run_id = run.id ORDER BY spider, attempt DESC) AS newest) AS "
         "came_to "
         "ORDER BY last_run_at DESC, id DESC";
}

std::optional<Trigger> trigger_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text == to_text(Trigger::force) ? Trigger::force : Trigger::tick;
}

RunRecord read_record(const soci::row& row) {
  constexpr auto next = run_width;
  RunRecord record;
  record.run = read_run(row);
  record.trigger = trigger_of(row.get<std::string>(next));
  if (row.get_indicator(next + 1) == soci::i_ok) {
    record.late = Duration(row.get<long long>(next + 1));
  }
  record.missed_intervals = row.get<int>(next + 2);
  record.faults = lines_of(row.get<std::string>(next + 3));
  record.delays = parse_delays(row.get<std::string>(next + 4));
  record.ok = row.get<int>(next + 5);
  record.degraded = row.get<int>(next + 6);
  record.failed = row.get<int>(next + 7);
  if (row.get_indicator(next + 8) == soci::i_ok) record.items = row.get<long long>(next + 8);
  return record;
}

}  // namespace

std::vector<RunRecord> read_runs(soci::session& sql, const std::string& schedule,
                                 const HistoryFilter& filter) {
  const auto age = static_cast<long long>(filter.age.count());
  const auto spider = filter.spider.value_or("");
  const auto status = filter.status ? std::string(to_text(*filter.status)) : "";
  const auto chosen =
      std::string(
          "SELECT * FROM scheduler_state WHERE schedule = :schedule "
          "AND last_run_at <= now() AND last_run_at >= now() - ") +
      to_interval(":age") + " AND " + is_a_run +
      (filter.status ? " AND status = :status" : " AND :status = ''") +
      (filter.spider ? " AND EXISTS (SELECT FROM spider_run r WHERE r.run_id = scheduler_state.id "
                       "AND r.spider = :spider)"
                     : " AND :spider = ''") +
      " ORDER BY last_run_at DESC, id DESC LIMIT :most";
  const soci::rowset<soci::row> rows =
      (sql.prepare << records_of(chosen), soci::use(schedule, "schedule"), soci::use(age, "age"),
       soci::use(status, "status"), soci::use(spider, "spider"), soci::use(filter.most, "most"));
  std::vector<RunRecord> records;
  for (const auto& row : rows) records.push_back(read_record(row));
  return records;
}

std::optional<RunRecord> read_run_record(soci::session& sql, const std::string& schedule,
                                         RunId id) {
  const auto number = static_cast<long long>(id);
  const soci::rowset<soci::row> rows =
      (sql.prepare << records_of("SELECT * FROM scheduler_state WHERE id = :id::bigint "
                                 "AND schedule = :schedule"),
       soci::use(number, "id"), soci::use(schedule, "schedule"));
  for (const auto& row : rows) return read_record(row);
  return std::nullopt;
}

int count_failed_runs(soci::session& sql, const std::string& schedule) {
  int count = 0;
  sql << "SELECT count(*)::int FROM (SELECT FROM scheduler_state WHERE schedule = :schedule "
         "AND NOT partial AND status = 'failed' AND last_run_at <= now() "
         "AND last_run_at > coalesce(("
      << newest_success("last_run_at") << "), '-infinity') LIMIT 1000) AS failed",
      soci::use(schedule, "schedule"), soci::into(count);
  return count;
}

}  // namespace spider_check::db

// Spiders as reports list them: each over all of its runs.

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
