#include "db/attempts_of_name.hpp"

namespace spider_check::db {

std::string newest_attempt_first() {
  return "ORDER BY r.started_at DESC, r.run_id DESC, r.attempt DESC ";
}

std::string attempts_of_name(const std::string& columns) {
  return "SELECT " + columns +
         " FROM spider_run r WHERE r.spider = name AND r.started_at <= now() AND "
         "(SELECT s.schedule = :schedule FROM scheduler_state s WHERE s.id = r.run_id) ";
}

std::string usual_attempts_of_name(const std::string& columns, const std::string& most) {
  const auto newest = newest_attempt_first() + "LIMIT " + most;
  const std::string crawl = "AND r.items IS NOT NULL ";
  // Each of the two has an index of its own, and only one is looked into.
  return "SELECT " + columns + " FROM (SELECT count(*) = " + most +
         " AND bool_and(verdict = 'degraded') AS lasting FROM (" + attempts_of_name("r.verdict") +
         "AND r.verdict <> 'failed' " + crawl + newest +
         ") AS successes) AS change CROSS JOIN LATERAL ((" + attempts_of_name("r.*") +
         "AND r.verdict = 'ok' AND NOT lasting " + crawl + newest + ") UNION ALL (" +
         attempts_of_name("r.*") + "AND r.verdict <> 'failed' AND lasting " + crawl + newest +
         ")) AS r ";
}

}  // namespace spider_check::db
