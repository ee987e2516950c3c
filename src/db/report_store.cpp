#include "db/report_store.hpp"

#include <algorithm>
#include <utility>

#include "db/migrator.hpp"
#include "db/run_rows.hpp"
#include "db/values.hpp"
#include "outbox/record_json.hpp"
#include "schedule/crawl.hpp"

namespace spider_check {

namespace {

Termination read_termination(const soci::row& row, std::size_t exit_code, std::size_t signal,
                             const std::vector<std::string>& reasons) {
  if (row.get_indicator(exit_code) == soci::i_ok) return Exited{row.get<int>(exit_code)};
  if (row.get_indicator(signal) == soci::i_ok) return Signaled{row.get<int>(signal)};
  // The columns are the same for a spider whose end was not seen.
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
  crawl.progress = {row.get<long long>(items), row.get<long long>(items + 1, 0),
                    row.get<long long>(items + 2, 0)};
  return crawl;
}

/** What a list shows of an outcome, not the whole of it, and its place. */
struct Point {
  RecordedOutcome recorded;
  RunId run = 0;
  TimePoint started{};
};

Point read_point(const soci::row& row) {
  Point point;
  auto& outcome = point.recorded.outcome;
  outcome.spider = row.get<std::string>(0);
  point.recorded.attempt = row.get<int>(1);
  outcome.judgement.verdict = parse_verdict(row.get<std::string>(2)).value_or(Verdict::failed);
  outcome.judgement.reasons = lines_of(row.get<std::string>(3));
  outcome.child.termination = read_termination(row, 4, 5, outcome.judgement.reasons);
  outcome.log = row.get<std::string>(6, "");
  point.run = row.get<long long>(7);
  point.started = from_seconds(row.get<std::string>(8));
  point.recorded.finished = from_seconds(row.get<std::string>(9));
  outcome.child.took = Duration(row.get<long long>(10));
  outcome.child.cpu_time = Duration(row.get<long long>(11, 0));
  outcome.child.peak_memory = row.get<long long>(12, 0);
  if (row.get_indicator(13) == soci::i_ok) outcome.crawl = read_crawl(row, 13);
  if (row.get_indicator(16) == soci::i_ok) outcome.rows = row.get<long long>(16);
  return point;
}

/** Of each spider in this run by name, in the order of its attempts. */
std::vector<RecordedOutcome> read_outcomes(soci::session& sql, RunId run) {
  const soci::rowset<soci::row> rows =
      (sql.prepare << R"sql(SELECT spider, attempt, verdict, array_to_string(reasons, E'\n'),
          exit_code, signal, log_path, run_id::bigint, extract(epoch FROM started_at)::text,
          extract(epoch FROM finished_at)::text,
          (extract(epoch FROM CASE WHEN isfinite(started_at) AND isfinite(finished_at)
            THEN finished_at - started_at ELSE interval '0' END) * 1000000)::bigint,
          (extract(epoch FROM cpu_time) * 1000000)::bigint, peak_memory, items, pages, errors, rows
        FROM spider_run
        WHERE run_id = :id
        ORDER BY spider, attempt)sql",
       soci::use(run));
  std::vector<RecordedOutcome> outcomes;
  for (const auto& row : rows) outcomes.push_back(read_point(row).recorded);
  return outcomes;
}

}  // namespace

std::vector<RecordedOutcome> newest_outcomes(soci::session& sql, RunId run) {
  std::vector<RecordedOutcome> newest;
  for (auto& each : read_outcomes(sql, run)) {
    const bool again = !newest.empty() && newest.back().outcome.spider == each.outcome.spider;
    if (again) newest.pop_back();
    newest.push_back(std::move(each));
  }
  return newest;
}

ReportStore::ReportStore(Session& session, std::string schedule)
    : session_(session), schedule_(std::move(schedule)) {}

std::vector<RecordedOutcome> ReportStore::all_outcomes(RunId id) {
  auto outcomes =
      run_on_schema(session_, [&](soci::session& sql) { return read_outcomes(sql, id); });
  std::stable_sort(outcomes.begin(), outcomes.end(),
                   [](const auto& a, const auto& b) { return a.attempt < b.attempt; });
  return outcomes;
}

// Runs as reports list them, each with what its spiders came to.

namespace {

std::optional<Trigger> trigger_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text == to_text(Trigger::force) ? Trigger::force : Trigger::tick;
}

RunRecord read_record(const soci::row& row) {
  constexpr auto next = run_width;
  RunRecord record;
  record.run = read_run(row);
  record.trigger = trigger_of(row.get<std::string>(next, ""));
  if (row.get_indicator(next + 1) == soci::i_ok) {
    record.late = Duration(row.get<long long>(next + 1));
  }
  record.missed_intervals = row.get<int>(next + 2, 0);
  record.faults = lines_of(row.get<std::string>(next + 3, ""));
  record.delays = parse_delays(row.get<std::string>(next + 4, ""));
  record.ok = row.get<int>(next + 5);
  record.degraded = row.get<int>(next + 6);
  record.failed = row.get<int>(next + 7);
  if (row.get_indicator(next + 8) == soci::i_ok) record.items = row.get<long long>(next + 8);
  record.stopped = row.get<int>(next + 9);
  return record;
}

/** These runs of the schedule, the newest first. */
std::vector<RunRecord> read_records(soci::session& sql, const std::string& schedule,
                                    const std::string& ids) {
  const soci::rowset<soci::row> rows =
      (sql.prepare << R"sql(SELECT id::bigint, status, extract(epoch FROM last_run_at)::text,
          extract(epoch FROM coalesce(updated_at, created_at, last_run_at))::text,
          extract(epoch FROM finished_at)::text, extract(epoch FROM next_attempt_at)::text,
          attempt, spider_count, partial::int, failure, host, boot_id, pid_namespace, pid,
          process_start, slot, machine_id, run_uuid::text, owner_token::text,
          (extract(epoch FROM greatest(interval '0', least(interval '1000 days',
            coalesce(spiders_outlive, interval '0')))) * 1000000)::bigint,
          trigger, (extract(epoch FROM lateness) * 1000000)::bigint, missed_intervals,
          array_to_string(faults, E'\n'), hindrances::text, ok, degraded, failed, sum_of_items,
          stopped
        FROM scheduler_state run CROSS JOIN LATERAL (
          SELECT (count(*) FILTER (WHERE verdict = 'ok'))::int AS ok,
            (count(*) FILTER (WHERE verdict = 'degraded'))::int AS degraded,
            (count(*) FILTER (WHERE verdict = 'failed'))::int AS failed,
            (count(*) FILTER (WHERE verdict = 'failed'
              AND coalesce(reasons[1] ~ '^(stopped before its end|interrupted)', false)))::int AS stopped,
            sum(items)::bigint AS sum_of_items
          FROM (SELECT DISTINCT ON (spider) verdict, reasons, items
                FROM spider_run
                WHERE run_id = run.id
                ORDER BY spider, attempt DESC) AS newest) AS came_to
        WHERE id = ANY (:ids::bigint[]) AND schedule = :schedule
        ORDER BY last_run_at DESC, id DESC)sql",
       soci::use(ids), soci::use(schedule));
  std::vector<RunRecord> records;
  for (const auto& row : rows) records.push_back(read_record(row));
  return records;
}

// What is no run: the marker of an earlier program's installation, and the row that it left behind
// at a run's start once there is a newer one, which is looked for from the newest on.
constexpr auto newest_runs = R"sql(SELECT coalesce(array_agg(id), '{}')::text
FROM (SELECT id
      FROM scheduler_state s
      WHERE schedule = :schedule AND last_run_at <= now()
        AND last_run_at >= now() - :age * interval '1 microsecond'
        AND NOT (status = 'completed' AND spider_count = 0 AND NOT partial)
        AND NOT (status = 'running' AND owner_token IS NULL
                 AND (SELECT true
                      FROM scheduler_state n
                      WHERE n.schedule = s.schedule
                        AND (n.last_run_at, n.id) > (s.last_run_at, s.id)
                      ORDER BY n.last_run_at DESC LIMIT 1) IS NOT NULL)
        AND (:status::text = '' OR status = :status)
      ORDER BY last_run_at DESC, id DESC LIMIT :most) AS newest)sql";

// The same of one spider.
constexpr auto newest_runs_of_spider = R"sql(SELECT coalesce(array_agg(id), '{}')::text
FROM (SELECT id
      FROM scheduler_state s
      WHERE schedule = :schedule AND last_run_at <= now()
        AND last_run_at >= now() - :age * interval '1 microsecond'
        AND NOT (status = 'completed' AND spider_count = 0 AND NOT partial)
        AND NOT (status = 'running' AND owner_token IS NULL
                 AND (SELECT true
                      FROM scheduler_state n
                      WHERE n.schedule = s.schedule
                        AND (n.last_run_at, n.id) > (s.last_run_at, s.id)
                      ORDER BY n.last_run_at DESC LIMIT 1) IS NOT NULL)
        AND (:status::text = '' OR status = :status)
        AND EXISTS (SELECT FROM spider_run r WHERE r.run_id = s.id AND r.spider = :spider)
      ORDER BY last_run_at DESC, id DESC LIMIT :most) AS newest)sql";

}  // namespace

std::vector<RunRecord> ReportStore::runs(const HistoryFilter& filter) {
  return run_on_schema(session_, [&](soci::session& sql) {
    const auto age = filter.age.count();
    const auto status = filter.status ? std::string(to_text(*filter.status)) : "";
    std::string ids;
    if (filter.spider) {
      sql << newest_runs_of_spider, soci::use(schedule_, "schedule"), soci::use(age, "age"),
          soci::use(status, "status"), soci::use(*filter.spider, "spider"),
          soci::use(filter.most, "most"), soci::into(ids);
    } else {
      sql << newest_runs, soci::use(schedule_, "schedule"), soci::use(age, "age"),
          soci::use(status, "status"), soci::use(filter.most, "most"), soci::into(ids);
    }
    return read_records(sql, schedule_, ids);
  });
}

std::optional<RunRecord> ReportStore::run(RunId id) {
  auto records = run_on_schema(session_, [&](soci::session& sql) {
    return read_records(sql, schedule_, "{" + std::to_string(id) + "}");
  });
  if (records.empty()) return std::nullopt;
  return std::move(records.front());
}

// Spiders as reports list them: each over all of its runs.

namespace {

// The newest attempts of each spider of the schedule, no older than :age. The spiders are those of
// the newest success, and of the newest whole runs: two, because one of them may just have begun,
// and as many more as were stopped before each spider had started, within reason.
constexpr auto newest_attempts = R"sql(WITH RECURSIVE whole AS (
  SELECT 0 AS place, 9223372036854775807 AS id, now() AS last_run_at, false AS complete
  UNION ALL
  SELECT place + 1, run.id, run.last_run_at,
    complete OR run.spider_count > 0 AND (run.status = 'completed' OR run.spider_count <= (
      SELECT count(DISTINCT spider) FROM spider_run WHERE run_id = run.id))
  FROM whole CROSS JOIN LATERAL (
    SELECT s.id, s.last_run_at, s.status, s.spider_count
    FROM scheduler_state s
    WHERE s.schedule = :schedule AND NOT s.partial
      AND (s.last_run_at, s.id) < (whole.last_run_at, whole.id)
    ORDER BY s.last_run_at DESC, s.id DESC LIMIT 1) AS run
  WHERE place < 2 OR NOT complete AND place < 100
), names AS MATERIALIZED (
  SELECT DISTINCT spider AS name
  FROM spider_run
  WHERE run_id = ANY (ARRAY(
    (SELECT id FROM whole)
    UNION ALL
    (SELECT id
     FROM (SELECT id, schedule
           FROM scheduler_state
           WHERE (schedule, last_run_at) <= (:schedule, now()) AND status = 'completed'
             AND NOT partial AND spider_count > 0
           ORDER BY schedule DESC, last_run_at DESC LIMIT 1) AS success
     WHERE schedule = :schedule)))
)
SELECT spider, attempt, verdict, array_to_string(reasons, E'\n'), exit_code, signal, log_path,
  run_id::bigint, extract(epoch FROM started_at)::text, extract(epoch FROM finished_at)::text,
  (extract(epoch FROM CASE WHEN isfinite(started_at) AND isfinite(finished_at)
    THEN finished_at - started_at ELSE interval '0' END) * 1000000)::bigint,
  (extract(epoch FROM cpu_time) * 1000000)::bigint, peak_memory, items, pages, errors, rows
FROM names CROSS JOIN LATERAL (
  SELECT r.*
  FROM spider_run r
  WHERE r.spider = name AND r.started_at <= now()
    AND r.started_at >= coalesce(now() - :age * interval '1 microsecond', '-infinity')
    AND (NOT :failed::int::boolean OR r.verdict = 'failed'
      AND NOT coalesce(r.reasons[1] ~ '^(stopped before its end|interrupted)', false))
    AND (SELECT s.schedule = :schedule FROM scheduler_state s WHERE s.id = r.run_id)
  ORDER BY r.started_at DESC, r.run_id DESC, r.attempt DESC LIMIT :most) AS point
ORDER BY name, started_at DESC, run_id DESC, attempt DESC)sql";

std::vector<Point> read_points(soci::session& sql, const std::string& schedule, int most,
                               std::optional<Duration> age = {}, int failed = 0) {
  const auto microseconds = age.value_or(Duration{}).count();
  auto has_age = age ? soci::i_ok : soci::i_null;
  const soci::rowset<soci::row> rows =
      (sql.prepare << newest_attempts, soci::use(schedule, "schedule"),
       soci::use(microseconds, has_age, "age"), soci::use(failed, "failed"),
       soci::use(most, "most"));
  std::vector<Point> points;
  for (const auto& row : rows) points.push_back(read_point(row));
  return points;
}

SpiderPoint short_of(const Point& point) {
  const auto& outcome = point.recorded.outcome;
  SpiderPoint result;
  result.run = point.run;
  result.attempt = point.recorded.attempt;
  result.started = point.started;
  result.took = outcome.child.took;
  result.verdict = outcome.judgement.verdict;
  if (outcome.crawl) result.items = outcome.crawl->progress.items;
  result.stopped = was_stopped(outcome.judgement);
  return result;
}

// The newest success, and what is usual. As the verdict sees it: the upper one of the middle two.
// NULLs come last.
constexpr auto usual_of_names = R"sql(SELECT extract(epoch FROM success)::text,
  CASE WHEN with_items >= :enough THEN items[with_items / 2 + 1] END,
  CASE WHEN with_rows >= :enough THEN rows[with_rows / 2 + 1] END
FROM unnest(:names::text[]) WITH ORDINALITY AS given (name, place)
LEFT JOIN LATERAL (
  SELECT r.started_at AS success
  FROM spider_run r
  WHERE r.spider = name AND r.started_at <= now() AND r.verdict <> 'failed'
    AND (SELECT s.schedule = :schedule FROM scheduler_state s WHERE s.id = r.run_id)
  ORDER BY r.started_at DESC LIMIT 1) AS good ON true
CROSS JOIN LATERAL (
  SELECT count(u.items) AS with_items, array_agg(u.items ORDER BY u.items) AS items,
    count(u.rows) AS with_rows, array_agg(u.rows ORDER BY u.rows) AS rows
  FROM (SELECT r.items, r.rows
        FROM (SELECT s.*, count(*) FILTER (WHERE s.verdict = 'ok') OVER () AS good
              FROM (SELECT a.*
                    FROM spider_run a
                    WHERE a.spider = name AND a.started_at <= now() AND a.verdict <> 'failed'
                      AND (SELECT s.schedule = :schedule FROM scheduler_state s
                           WHERE s.id = a.run_id)
                      AND (a.items IS NOT NULL OR a.rows IS NOT NULL)
                    ORDER BY a.started_at DESC, a.run_id DESC, a.attempt DESC
                    LIMIT :successes) AS s) AS r
        WHERE r.verdict = 'ok' OR r.good < :enough
        ORDER BY r.started_at DESC, r.run_id DESC, r.attempt DESC LIMIT :most) AS u) AS usual
ORDER BY place)sql";

void add_what_is_usual(soci::session& sql, const std::string& schedule,
                       std::vector<SpiderSummary>& summaries) {
  std::vector<std::string> spiders;
  for (const auto& summary : summaries) spiders.push_back(summary.name);
  const auto names = to_array_literal(spiders);
  const soci::rowset<soci::row> rows =
      (sql.prepare << usual_of_names, soci::use(names, "names"), soci::use(schedule, "schedule"),
       soci::use(successes_for_baseline, "successes"), soci::use(runs_for_baseline, "enough"),
       soci::use(max_runs_for_baseline, "most"));
  auto summary = summaries.begin();
  for (const auto& row : rows) {
    summary->last_success = optional_time(row, 0);
    if (row.get_indicator(1) == soci::i_ok) summary->median_items = row.get<long long>(1);
    if (row.get_indicator(2) == soci::i_ok) summary->median_rows = row.get<long long>(2);
    ++summary;
  }
}

}  // namespace

std::vector<SpiderSummary> ReportStore::spiders(int most) {
  return run_on_schema(session_, [&](soci::session& sql) {
    std::vector<SpiderSummary> summaries;
    for (const auto& point : read_points(sql, schedule_, most)) {
      const auto& name = point.recorded.outcome.spider;
      if (summaries.empty() || summaries.back().name != name) {
        SpiderSummary summary;
        summary.name = name;
        summary.last = point.recorded;
        summary.last_run = point.run;
        summary.last_started = point.started;
        summaries.push_back(std::move(summary));
      }
      auto& recent = summaries.back().recent;
      recent.insert(recent.begin(), short_of(point));
    }
    add_what_is_usual(sql, schedule_, summaries);
    return summaries;
  });
}

std::vector<SpiderSeries> ReportStore::series(Duration age, int most) {
  const auto points = run_on_schema(
      session_, [&](soci::session& sql) { return read_points(sql, schedule_, most, age); });
  std::vector<SpiderSeries> series;
  for (const auto& point : points) {
    const auto& name = point.recorded.outcome.spider;
    if (series.empty() || series.back().spider != name) series.push_back({name, {}});
    series.back().points.push_back(short_of(point));
  }
  for (auto& each : series) std::reverse(each.points.begin(), each.points.end());
  return series;
}

std::vector<Failure> ReportStore::failures(int most) {
  auto points = run_on_schema(
      session_, [&](soci::session& sql) { return read_points(sql, schedule_, most, {}, 1); });
  std::stable_sort(points.begin(), points.end(), [](const auto& a, const auto& b) {
    return std::pair(a.started, a.run) > std::pair(b.started, b.run);
  });
  std::vector<Failure> failures;
  for (const auto& point : points) {
    if (failures.size() == static_cast<std::size_t>(most)) break;
    failures.push_back({point.run, point.recorded, ""});
  }
  return failures;
}

int ReportStore::failed_runs() {
  const auto tries =
      run_on_schema(session_, [&](soci::session& sql) { return read_tries(sql, schedule_); });
  return tries.failed_runs - tries.interrupted_runs;
}

}  // namespace spider_check
