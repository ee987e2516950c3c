// Runs as reports list them, each with what its spiders came to.

#include "db/delay_json.hpp"
#include "db/report_rows.hpp"
#include "db/run_rows.hpp"
#include "db/values.hpp"

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
