#include "db/run_rows.hpp"

#include <memory>

#include "db/session.hpp"
#include "db/sqlstate.hpp"
#include "db/values.hpp"

namespace spider_check::db {

namespace {

std::optional<TimePoint> optional_time(const soci::row& row, std::size_t column) {
  if (row.get_indicator(column) == soci::i_null) return std::nullopt;
  return from_microseconds(row.get<long long>(column));
}

}  // namespace

std::string newest_success(const std::string& column) {
  return "SELECT " + column +
         " FROM (SELECT id, last_run_at, schedule FROM scheduler_state "
         "WHERE (schedule, last_run_at) <= (:schedule, now()) AND status = 'completed' "
         "AND NOT partial AND spider_count > 0 ORDER BY schedule DESC, last_run_at DESC LIMIT 1) "
         "AS success WHERE schedule = :schedule";
}

std::string run_columns() {
  return "id::bigint, coalesce(status::text, ''), " + to_microseconds("last_run_at") + ", " +
         to_microseconds("coalesce(updated_at, created_at, last_run_at)") + ", " +
         to_microseconds("finished_at") + ", " + to_microseconds("next_attempt_at") +
         ", attempt, coalesce(spider_count, 0), partial::int, coalesce(failure, ''), "
         "coalesce(host, ''), "
         "coalesce(boot_id, ''), coalesce(pid_namespace, 0), coalesce(pid, 0), "
         "coalesce(process_start, 0), slot, coalesce(machine_id, ''), run_uuid::text, "
         "coalesce(owner_token::text, ''), " +
         interval_in_microseconds(
             "greatest(interval '0', least(interval '1000 days', "
             "coalesce(spiders_outlive, interval '0')))");
}

Run read_run(const soci::row& row) {
  Run run;
  run.id = row.get<long long>(0);
  run.status = parse_run_status(row.get<std::string>(1)).value_or(RunStatus::failed);
  run.started = from_microseconds(row.get<long long>(2));
  run.heartbeat = from_microseconds(row.get<long long>(3));
  run.finished = optional_time(row, 4);
  run.next_attempt = optional_time(row, 5);
  run.attempt = row.get<int>(6);
  run.spider_count = row.get<int>(7);
  run.partial = row.get<int>(8) != 0;
  run.failure = row.get<std::string>(9);
  run.owner = Owner{row.get<std::string>(10), row.get<std::string>(11), row.get<long long>(12),
                    row.get<int>(13),         row.get<long long>(14),   row.get<std::string>(16)};
  run.slot = row.get<int>(15);
  run.uuid = row.get<std::string>(17);
  run.token = row.get<std::string>(18);
  run.spiders_outlive = Duration(row.get<long long>(19));
  return run;
}

namespace {

std::optional<Run> read_one(soci::session& sql, const std::string& schedule,
                            const std::string& condition) {
  soci::row row;
  sql << "SELECT " << run_columns() << " FROM scheduler_state WHERE schedule = :schedule AND "
      << condition << " AND last_run_at <= now() ORDER BY last_run_at DESC, id DESC LIMIT 1",
      soci::use(schedule), soci::into(row);
  if (!sql.got_data()) return std::nullopt;
  return read_run(row);
}

}  // namespace

namespace {

std::string literal(soci::session& sql, const std::string& text) {
  const std::unique_ptr<char, void (*)(void*)> quoted(
      PQescapeLiteral(connection_of(sql), text.data(), text.size()), &PQfreemem);
  if (!quoted) throw DbError(DbError::Kind::data, one_line(PQerrorMessage(connection_of(sql))));
  return quoted.get();
}

TimePoint database_time(soci::session& sql) {
  std::string now;
  sql << "SELECT extract(epoch from now())", soci::into(now);
  return from_seconds(now);
}

// An earlier schema of the path may hold a table, or a view, of a stranger's. The search_path is
// changed for this one message only, whose statements are one transaction, so that no session of a
// pooler's keeps it.
constexpr const char* search_no_second_schema =
    "SELECT CASE WHEN pg_catalog.cardinality(pg_catalog.current_schemas(false)) "
    "OPERATOR(pg_catalog.>) 1 THEN pg_catalog.set_config('search_path', '', true) END; ";

/** Whether there may be something to tell. */
std::string may_notify(const std::string& schedule, const std::string& channels) {
  return ", (EXISTS (SELECT FROM spider_check_notification n "
         "WHERE n.schedule OPERATOR(pg_catalog.=) " +
         schedule + " AND n.channel OPERATOR(pg_catalog.=) ANY (" + channels +
         "::text[]) AND n.next_try_at OPERATOR(pg_catalog.<=) now()) "
         "OR NOT EXISTS (SELECT FROM spider_check_told t "
         "WHERE t.schedule OPERATOR(pg_catalog.=) " +
         schedule + " AND t.success OPERATOR(pg_catalog.>=) scheduler_state.last_run_at))::int ";
}

}  // namespace

LatestSuccess read_latest_success(soci::session& sql, const std::string& schedule,
                                  const std::vector<std::string>& channels, Path path) {
  const auto name = literal(sql, schedule) + "::text";
  // As small as it can be, because nearly every tick is this one message: the schema's version
  // or a product and a cast to bigint would each cost a new session some percent of a whole tick.
  // Each operator says that it is PostgreSQL's, in whatever schema somebody else has made another;
  // now() cannot be anybody else's, and is not written as CURRENT_TIMESTAMP, so that a test can put
  // another clock before pg_catalog. The pair is compared and sorted as a pair because only the
  // index on just that pair can give it: with schedule = … the planner may take the index on
  // last_run_at alone, and read past failures.
  std::string now;
  std::string success;
  std::string found;
  int telling = 0;
  sql << (path == Path::of_user ? search_no_second_schema : "")
      << "SELECT extract(epoch from now()), extract(epoch from last_run_at), schedule"
      << (channels.empty() ? std::string(", 0 ")
                           : may_notify(name, literal(sql, to_array_literal(channels))))
      << "FROM scheduler_state "
         "WHERE (schedule, last_run_at) OPERATOR(pg_catalog.<=) ("
      << name
      << ", now()) AND status::text OPERATOR(pg_catalog.=) 'completed'::text AND NOT partial "
         "AND spider_count OPERATOR(pg_catalog.>) 0 "
         "ORDER BY schedule DESC, last_run_at DESC LIMIT 1",
      soci::into(now), soci::into(success), soci::into(found), soci::into(telling);
  // Without a success of its own the pair before it is another schedule's.
  if (!sql.got_data() || found != schedule) return LatestSuccess{database_time(sql), std::nullopt};
  return LatestSuccess{from_seconds(now), from_seconds(success), telling != 0};
}

std::optional<Run> newest_whole_run(soci::session& sql, const std::string& schedule) {
  return read_one(sql, schedule, "NOT partial AND NOT (status = 'completed' AND spider_count = 0)");
}

std::optional<Run> running_partial_run(soci::session& sql, const std::string& schedule) {
  return read_one(
      sql, schedule,
      "partial AND status = 'running' AND NOT EXISTS (SELECT FROM scheduler_state newer "
      "WHERE newer.schedule = scheduler_state.schedule AND NOT newer.partial "
      "AND newer.last_run_at > scheduler_state.last_run_at "
      "AND newer.last_run_at <= now())");
}

TimePoint server_start(soci::session& sql) {
  long long start = 0;
  sql << "SELECT " << to_microseconds("pg_postmaster_start_time()"), soci::into(start);
  return from_microseconds(start);
}

int future_runs(soci::session& sql, const std::string& schedule) {
  int count = 0;
  sql << "SELECT count(*)::int FROM scheduler_state WHERE schedule = :schedule "
         "AND last_run_at > now()",
      soci::use(schedule), soci::into(count);
  return count;
}

}  // namespace spider_check::db
