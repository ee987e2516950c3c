#include "db/run_rows.hpp"

#include <memory>

#include "db/migrator.hpp"
#include "db/pg_run_store.hpp"
#include "db/session.hpp"
#include "db/slot_lock.hpp"
#include "db/values.hpp"
#include "outbox/journal.hpp"
#include "outbox/record_json.hpp"
#include "schedule/crawl.hpp"

namespace spider_check {

Run read_run(const soci::row& row) {
  const auto text = [&](std::size_t column) { return row.get<std::string>(column, ""); };
  const auto number = [&](std::size_t column) { return row.get<long long>(column, 0); };
  Run run;
  run.id = row.get<long long>(0);
  run.status = parse_run_status(text(1)).value_or(RunStatus::failed);
  run.started = from_seconds(text(2));
  run.heartbeat = from_seconds(text(3));
  run.finished = optional_time(row, 4);
  run.next_attempt = optional_time(row, 5);
  run.attempt = row.get<int>(6);
  run.spider_count = row.get<int>(7, 0);
  run.partial = row.get<int>(8) != 0;
  run.failure = text(9);
  run.owner = Owner{text(10), text(11), number(12), row.get<int>(13, 0), number(14), text(16)};
  run.slot = row.get<int>(15);
  run.uuid = text(17);
  run.token = text(18);
  run.spiders_outlive = Duration(row.get<long long>(19));
  return run;
}

void read_newest_runs(soci::session& sql, const std::string& schedule, State& state) {
  const soci::rowset<soci::row> rows =
      (sql.prepare << R"sql(SELECT id::bigint, status, extract(epoch FROM last_run_at)::text,
          extract(epoch FROM coalesce(updated_at, created_at, last_run_at))::text,
          extract(epoch FROM finished_at)::text, extract(epoch FROM next_attempt_at)::text,
          attempt, spider_count, partial::int, failure, host, boot_id, pid_namespace, pid,
          process_start, slot, machine_id, run_uuid::text, owner_token::text,
          (extract(epoch FROM greatest(interval '0', least(interval '1000 days',
            coalesce(spiders_outlive, interval '0')))) * 1000000)::bigint
        FROM scheduler_state
        WHERE id = ANY (ARRAY(
          (SELECT id
           FROM scheduler_state
           WHERE schedule = :schedule AND NOT partial AND last_run_at <= now()
             AND NOT (status = 'completed' AND spider_count = 0)
           ORDER BY last_run_at DESC, id DESC LIMIT 1)
          UNION ALL
          (SELECT id
           FROM scheduler_state s
           WHERE schedule = :schedule AND partial AND status = 'running' AND last_run_at <= now()
             AND NOT EXISTS (SELECT FROM scheduler_state newer
                             WHERE newer.schedule = s.schedule AND NOT newer.partial
                               AND newer.last_run_at > s.last_run_at
                               AND newer.last_run_at <= now())
           ORDER BY last_run_at DESC, id DESC LIMIT 1))))sql",
       soci::use(schedule, "schedule"));
  for (const auto& row : rows) {
    auto run = read_run(row);
    (run.partial ? state.partial : state.last) = std::move(run);
  }
}

namespace {

TimePoint database_time(soci::session& sql) {
  std::string now;
  sql << R"sql(SELECT extract(epoch from now()))sql", soci::into(now);
  return from_seconds(now);
}

// An earlier schema of the path may hold a table, or a view, of a stranger's. The search_path is
// changed for this one message only, whose statements are one transaction, so that no session of a
// pooler's keeps it.
constexpr auto search_no_second_schema = R"sql(SELECT CASE
  WHEN pg_catalog.cardinality(pg_catalog.current_schemas(false)) OPERATOR(pg_catalog.>) 1
  THEN pg_catalog.set_config('search_path', '', true) END;
)sql";

// As small as it can be, because nearly every tick is this one message: the schema's version or a
// product and a cast to bigint would each cost a new session some percent of a whole tick. Several
// statements in one message can have no parameters. Each operator says that it is PostgreSQL's, in
// whatever schema somebody else has made another; now() cannot be anybody else's, and is not
// written as CURRENT_TIMESTAMP, so that a test can put another clock before pg_catalog. The pair is
// compared and sorted as a pair because only the index on just that pair can give it: with
// schedule = … the planner may take the index on last_run_at alone, and read past failures.
constexpr auto newest_success = R"sql(SELECT extract(epoch from now()),
  extract(epoch from last_run_at), schedule, 0
FROM scheduler_state
WHERE (schedule, last_run_at) OPERATOR(pg_catalog.<=) (:'schedule'::text, now())
  AND status::text OPERATOR(pg_catalog.=) 'completed'::text AND NOT partial
  AND spider_count OPERATOR(pg_catalog.>) 0
ORDER BY schedule DESC, last_run_at DESC LIMIT 1)sql";

// The same, and whether there may be something to tell.
constexpr auto newest_success_to_tell = R"sql(SELECT extract(epoch from now()),
  extract(epoch from last_run_at), schedule,
  (EXISTS (SELECT FROM spider_check_notification n
           WHERE n.schedule OPERATOR(pg_catalog.=) :'schedule'::text
             AND n.channel OPERATOR(pg_catalog.=) ANY (:'channels'::text[])
             AND n.next_try_at OPERATOR(pg_catalog.<=) now())
   OR NOT EXISTS (SELECT FROM spider_check_told t
                  WHERE t.schedule OPERATOR(pg_catalog.=) :'schedule'::text
                    AND t.success OPERATOR(pg_catalog.>=) scheduler_state.last_run_at))::int
FROM scheduler_state
WHERE (schedule, last_run_at) OPERATOR(pg_catalog.<=) (:'schedule'::text, now())
  AND status::text OPERATOR(pg_catalog.=) 'completed'::text AND NOT partial
  AND spider_count OPERATOR(pg_catalog.>) 0
ORDER BY schedule DESC, last_run_at DESC LIMIT 1)sql";

}  // namespace

LatestSuccess read_latest_success(soci::session& sql, const std::string& schedule,
                                  const std::vector<std::string>& channels, Path path) {
  auto* connection = connection_of(sql);
  const auto* whole = channels.empty() ? newest_success : newest_success_to_tell;
  auto statement = with_literal(connection, whole, "schedule", schedule);
  statement = with_literal(connection, statement, "channels", to_array_literal(channels));
  std::string now;
  std::string success;
  std::string found;
  int telling = 0;
  sql << (path == Path::of_user ? search_no_second_schema : "") << statement, soci::into(now),
      soci::into(success), soci::into(found), soci::into(telling);
  // Without a success of its own the pair before it is another schedule's.
  if (!sql.got_data() || found != schedule) return LatestSuccess{database_time(sql), std::nullopt};
  return LatestSuccess{from_seconds(now), from_seconds(success), telling != 0};
}

ScheduleSummary read_tries(soci::session& sql, const std::string& schedule) {
  ScheduleSummary summary;
  soci::row row;
  sql << R"sql(WITH success AS (
      SELECT last_run_at
      FROM (SELECT last_run_at, schedule
            FROM scheduler_state
            WHERE (schedule, last_run_at) <= (:schedule, now()) AND status = 'completed'
              AND NOT partial AND spider_count > 0
            ORDER BY schedule DESC, last_run_at DESC LIMIT 1) AS newest
      WHERE schedule = :schedule
    ), tries AS (
      SELECT last_run_at, status,
        coalesce(failure ~ '^interrupted by |was switched off, or lost its power$', false)
          AS interrupted
      FROM scheduler_state
      WHERE schedule = :schedule AND NOT partial AND last_run_at <= now()
        AND last_run_at > coalesce((SELECT last_run_at FROM success), '-infinity')
        AND NOT (status = 'completed' AND spider_count = 0)
      ORDER BY last_run_at LIMIT 1000
    )
    SELECT extract(epoch FROM now())::text,
      (SELECT extract(epoch FROM last_run_at)::text FROM success),
      extract(epoch FROM min(last_run_at))::text,
      (count(*) FILTER (WHERE status = 'failed'))::int,
      (count(*) FILTER (WHERE status = 'failed' AND interrupted))::int
    FROM tries)sql",
      soci::use(schedule, "schedule"), soci::into(row);
  summary.now = from_seconds(row.get<std::string>(0));
  summary.newest_success = optional_time(row, 1);
  summary.first_try = optional_time(row, 2);
  summary.failed_runs = row.get<int>(3);
  summary.interrupted_runs = row.get<int>(4);
  return summary;
}

void read_server(soci::session& sql, const std::string& schedule, State& state) {
  std::string start;
  sql << R"sql(SELECT extract(epoch FROM pg_postmaster_start_time())::text, count(*)::int
      FROM scheduler_state
      WHERE schedule = :schedule AND last_run_at > now())sql",
      soci::use(schedule), soci::into(start), soci::into(state.future_runs);
  state.server_since = from_seconds(start);
}

namespace {

std::map<std::string, std::int64_t> field_counts(soci::session& sql, const std::string& json) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [name, count] : parse_field_counts(json)) counts[from_kept(sql, name)] = count;
  return counts;
}

// The schedule of an attempt is looked up for each and not joined: a tenth of the time to plan it,
// which is most of what this costs a session that asks once.
constexpr auto usual_attempts = R"sql(SELECT name, usual.items, usual.took, usual.fields,
  (usual.verdict = 'ok')::int, usual.rows, usual.pages
FROM unnest(:names::text[]) AS name CROSS JOIN LATERAL (
  SELECT r.items, r.rows, r.pages, r.verdict, r.started_at, r.run_id, r.attempt,
    r.field_counts::text AS fields,
    (extract(epoch FROM CASE WHEN isfinite(r.started_at) AND isfinite(r.finished_at)
      THEN r.finished_at - r.started_at ELSE interval '0' END) * 1000000)::bigint AS took
  FROM (SELECT s.*, count(*) FILTER (WHERE s.verdict = 'ok') OVER () AS good
        FROM (SELECT a.*
              FROM spider_run a
              WHERE a.spider = name AND a.started_at <= now() AND a.verdict <> 'failed'
                AND (SELECT s.schedule = :schedule FROM scheduler_state s WHERE s.id = a.run_id)
                AND (a.items IS NOT NULL OR a.rows IS NOT NULL)
              ORDER BY a.started_at DESC, a.run_id DESC, a.attempt DESC LIMIT :successes) AS s) AS r
  WHERE r.verdict = 'ok' OR r.good < :enough
  ORDER BY r.started_at DESC, r.run_id DESC, r.attempt DESC LIMIT :most) AS usual
ORDER BY name, usual.started_at DESC, usual.run_id DESC, usual.attempt DESC)sql";

}  // namespace

std::map<std::string, Baseline> PgRunStore::baselines(const std::vector<std::string>& spiders) {
  return run_on_schema(session_, [&](soci::session& sql) {
    const auto names = to_kept_quoted(sql, to_array_literal(spiders));
    const soci::rowset<soci::row> rows =
        (sql.prepare << usual_attempts, soci::use(names, "names"), soci::use(schedule_, "schedule"),
         soci::use(successes_for_baseline, "successes"), soci::use(runs_for_baseline, "enough"),
         soci::use(max_runs_for_baseline, "most"));
    std::map<std::string, Baseline> baselines;
    for (const auto& row : rows) {
      auto& history = baselines[from_kept(sql, row.get<std::string>(0))];
      history.push_back({row.get<long long>(1, 0), Duration(row.get<long long>(2)),
                         field_counts(sql, row.get<std::string>(3, "")), row.get<int>(4) != 0});
      if (row.get_indicator(5) == soci::i_ok) history.back().rows = row.get<long long>(5);
      history.back().pages = row.get<long long>(6, 0);
    }
    return baselines;
  });
}

std::vector<std::string> PgRunStore::spiders_of_last_success() {
  return run_on_schema(session_, [&](soci::session& sql) {
    const soci::rowset<std::string> names = (sql.prepare << R"sql(SELECT DISTINCT spider
        FROM spider_run
        WHERE run_id = (
          SELECT id
          FROM (SELECT id, schedule
                FROM scheduler_state
                WHERE (schedule, last_run_at) <= (:schedule, now()) AND status = 'completed'
                  AND NOT partial AND spider_count > 0
                ORDER BY schedule DESC, last_run_at DESC LIMIT 1) AS success
          WHERE schedule = :schedule)
        ORDER BY spider)sql",
                                             soci::use(schedule_, "schedule"));
    std::vector<std::string> spiders;
    for (const auto& name : names) spiders.push_back(from_kept(sql, name));
    return spiders;
  });
}

RunId PgRunStore::newest_run_before(Duration age) {
  return run_on_schema(session_, [&](soci::session& sql) {
    const auto microseconds = age.count();
    RunId id = 0;
    // Not just the newest old one: a run that was recorded late has an id above younger ones. Nor
    // the oldest young one less one: between the two may be runs of another database, or of none.
    sql << R"sql(SELECT coalesce(
      (SELECT id
       FROM scheduler_state
       WHERE schedule = :schedule AND last_run_at <= now()
         AND id < coalesce(
           (SELECT min(id::bigint)
            FROM scheduler_state
            WHERE schedule = :schedule AND last_run_at <= now()
              AND last_run_at >= now() - :age * interval '1 microsecond'),
           9223372036854775807)
       ORDER BY id DESC LIMIT 1), 0)::bigint)sql",
        soci::use(schedule_, "schedule"), soci::use(microseconds, "age"), soci::into(id);
    return id;
  });
}

// The index gives one spider after the other, without the attempts in between.
std::vector<std::filesystem::path> PgRunStore::newest_failed_logs() {
  return run_on_schema(session_, [&](soci::session& sql) {
    const soci::rowset<std::string> paths = (sql.prepare << R"sql(WITH RECURSIVE names AS (
          (SELECT spider FROM spider_run WHERE verdict = 'failed' ORDER BY spider LIMIT 1)
          UNION ALL
          SELECT (SELECT r.spider
                  FROM spider_run r
                  WHERE r.verdict = 'failed' AND r.spider > names.spider
                  ORDER BY r.spider LIMIT 1)
          FROM names
          WHERE names.spider IS NOT NULL
        )
        SELECT newest.log_path
        FROM names CROSS JOIN LATERAL (
          SELECT coalesce(r.log_path, '') AS log_path
          FROM spider_run r
          WHERE r.spider = names.spider AND r.verdict = 'failed'
            AND (SELECT s.schedule = :schedule FROM scheduler_state s WHERE s.id = r.run_id)
          ORDER BY r.started_at DESC LIMIT 1) AS newest)sql",
                                             soci::use(schedule_));
    std::vector<std::filesystem::path> logs;
    for (const auto& path : paths) logs.emplace_back(from_kept(sql, path));
    return logs;
  });
}

}  // namespace spider_check
