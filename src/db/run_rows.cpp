#include "db/run_rows.hpp"

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
  return "id::bigint, status::text, " + to_microseconds("last_run_at") + ", " +
         to_microseconds("updated_at") + ", " + to_microseconds("finished_at") + ", " +
         to_microseconds("next_attempt_at") +
         ", attempt, spider_count, partial::int, coalesce(failure, ''), coalesce(host, ''), "
         "coalesce(boot_id, ''), coalesce(pid_namespace, 0), coalesce(pid, 0), "
         "coalesce(process_start, 0), slot, coalesce(machine_id, ''), run_uuid::text";
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

std::optional<Glance> glance_with_messages(soci::session& sql, const std::string& schedule,
                                           const std::vector<std::string>& channels) {
  const auto names = to_array_literal(channels);
  std::string now;
  std::string success;
  std::string found;
  int to_tell = 0;
  sql << "SELECT extract(epoch from now()), extract(epoch from last_run_at), schedule, "
         "(EXISTS (SELECT FROM spider_check_notification n WHERE n.schedule = :schedule "
         "AND n.channel = ANY (:channels::text[]) AND n.next_try_at <= now()) "
         "OR NOT EXISTS (SELECT FROM spider_check_told t WHERE t.schedule = :same "
         "AND t.success >= scheduler_state.last_run_at))::int "
         "FROM scheduler_state WHERE (schedule, last_run_at) <= (:also, now()) "
         "AND status = 'completed' AND NOT partial AND spider_count > 0 "
         "ORDER BY schedule DESC, last_run_at DESC LIMIT 1",
      soci::use(schedule), soci::use(names), soci::use(schedule), soci::use(schedule),
      soci::into(now), soci::into(success), soci::into(found), soci::into(to_tell);
  if (!sql.got_data() || found != schedule) return std::nullopt;
  return Glance{from_seconds(now), from_seconds(success), to_tell != 0};
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

int future_runs(soci::session& sql, const std::string& schedule) {
  int count = 0;
  sql << "SELECT count(*)::int FROM scheduler_state WHERE schedule = :schedule "
         "AND last_run_at > now()",
      soci::use(schedule), soci::into(count);
  return count;
}

}  // namespace spider_check::db
