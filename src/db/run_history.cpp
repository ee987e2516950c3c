#include "db/run_history.hpp"

#include "db/attempts_of_name.hpp"
#include "db/encoding.hpp"
#include "db/outcome_json.hpp"
#include "db/run_rows.hpp"
#include "db/values.hpp"

namespace spider_check::db {

namespace {

std::map<std::string, std::int64_t> field_counts(soci::session& sql, const std::string& json) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [name, count] : parse_field_counts(json)) counts[from_kept(sql, name)] = count;
  return counts;
}

}  // namespace

std::map<std::string, Baseline> read_histories(soci::session& sql, const std::string& schedule,
                                               const std::vector<std::string>& spiders) {
  const auto names = to_kept_quoted(sql, to_array_literal(spiders));
  const soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT name, coalesce(usual.items, 0), usual.took, usual.fields, "
                      "(usual.verdict = 'ok')::int AS good, usual.rows "
                      "FROM unnest(:names::text[]) AS name CROSS JOIN LATERAL ("
                   << baseline_attempts_of_name(
                          "r.items, r.rows, r.verdict, r.started_at, r.run_id, r.attempt, " +
                          took_in_microseconds("r.") +
                          " AS took, coalesce(r.field_counts::text, '') AS fields")
                   << ") AS usual "
                      "ORDER BY name, usual.started_at DESC, usual.run_id DESC, usual.attempt DESC",
       soci::use(names, "names"), soci::use(schedule, "schedule"));
  std::map<std::string, Baseline> baselines;
  for (const auto& row : rows) {
    auto& history = baselines[from_kept(sql, row.get<std::string>(0))];
    history.push_back({row.get<long long>(1), Duration(row.get<long long>(2)),
                       field_counts(sql, row.get<std::string>(3)), row.get<int>(4) != 0});
    if (row.get_indicator(5) == soci::i_ok) history.back().rows = row.get<long long>(5);
  }
  return baselines;
}

std::vector<std::string> read_last_spiders(soci::session& sql, const std::string& schedule) {
  const soci::rowset<std::string> names =
      (sql.prepare << "SELECT DISTINCT spider FROM spider_run WHERE run_id = ("
                   << newest_success("id") << ") ORDER BY spider",
       soci::use(schedule, "schedule"));
  std::vector<std::string> spiders;
  for (const auto& name : names) spiders.push_back(from_kept(sql, name));
  return spiders;
}

RunId read_newest_before(soci::session& sql, const std::string& schedule, Duration age) {
  const auto microseconds = static_cast<long long>(age.count());
  long long id = 0;
  // Not just the newest old one: a run that was recorded late has an id above younger ones. Nor the
  // oldest young one less one: between the two may be runs of another database, or of none.
  sql << "SELECT coalesce((SELECT id FROM scheduler_state WHERE schedule = :schedule "
         "AND last_run_at <= now() AND id < coalesce((SELECT min(id::bigint) FROM scheduler_state "
         "WHERE schedule = :schedule AND last_run_at <= now() "
         "AND last_run_at >= now() - :age * interval '1 microsecond'), 9223372036854775807) "
         "ORDER BY id DESC LIMIT 1), 0)::bigint",
      soci::use(schedule, "schedule"), soci::use(microseconds, "age"), soci::into(id);
  return id;
}

std::vector<std::filesystem::path> read_failed_logs(soci::session& sql,
                                                    const std::string& schedule) {
  const soci::rowset<std::string> paths =
      (sql.prepare << "SELECT DISTINCT ON (r.spider) coalesce(r.log_path, '') FROM spider_run r "
                      "JOIN scheduler_state s ON s.id = r.run_id WHERE r.verdict = 'failed' "
                      "AND s.schedule = :schedule ORDER BY r.spider, r.started_at DESC",
       soci::use(schedule));
  std::vector<std::filesystem::path> logs;
  for (const auto& path : paths) logs.emplace_back(from_kept(sql, path));
  return logs;
}

}  // namespace spider_check::db
