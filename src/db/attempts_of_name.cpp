#include "db/attempts_of_name.hpp"

#include "core/verdict.hpp"

namespace spider_check::db {

std::string newest_attempt_first() {
  return "ORDER BY r.started_at DESC, r.run_id DESC, r.attempt DESC ";
}

std::string attempts_of_name(const std::string& columns) {
  return "SELECT " + columns +
         " FROM spider_run r WHERE r.spider = name AND r.started_at <= now() AND "
         "(SELECT s.schedule = :schedule FROM scheduler_state s WHERE s.id = r.run_id) ";
}

std::string baseline_attempts_of_name(const std::string& columns) {
  const auto limit = [](std::size_t most) { return "LIMIT " + std::to_string(most); };
  return "SELECT " + columns +
         " FROM (SELECT s.*, count(*) FILTER (WHERE s.verdict = 'ok') OVER () AS good FROM (" +
         attempts_of_name("r.*") +
         "AND r.verdict <> 'failed' AND (r.items IS NOT NULL OR r.rows IS NOT NULL) " +
         newest_attempt_first() + limit(successes_for_baseline) +
         ") AS s) AS r "
         "WHERE r.verdict = 'ok' OR r.good < " +
         std::to_string(runs_for_baseline) + " " + newest_attempt_first() +
         limit(max_runs_for_baseline) + " ";
}

}  // namespace spider_check::db
