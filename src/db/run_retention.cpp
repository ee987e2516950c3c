#include "db/run_retention.hpp"

#include <algorithm>

#include "db/run_rows.hpp"
#include "db/values.hpp"

namespace spider_check::db {

namespace {

// Of many spiders, or attempts, a step takes fewer runs: each has its statement's time.
constexpr const char* max_attempts = "10000";

// Where one of them cannot be removed a step looks at so much less.
constexpr int smaller = 8;

constexpr const char* old = "now() - :age * interval '1 microsecond'";

/** The runs that this step looks at. */
std::string part(const PruneStep& step) {
  std::string sql =
      "page AS MATERIALIZED ("
      "SELECT id, last_run_at, greatest(spider_count, 1)::bigint * attempt AS attempts "
      "FROM scheduler_state WHERE schedule = :schedule AND last_run_at < ";
  sql += old;
  sql += step.by_hand ? " AND partial" : " AND NOT partial";
  if (step.after) {
    sql +=
        " AND (last_run_at, id) > "
        "(timestamptz 'epoch' + :after * interval '1 microsecond', :after_id)";
  }
  sql +=
      " ORDER BY last_run_at, id LIMIT :most), part AS MATERIALIZED (SELECT id, last_run_at FROM "
      "(SELECT *, sum(attempts) OVER (ORDER BY last_run_at, id) - attempts AS before FROM page) "
      "AS counted WHERE before < ";
  return sql + max_attempts + ")";
}

/** Whether this spider, of an attempt `r`, had a newer one of that kind; else NULL. */
std::string newer(const std::string& verdict) {
  // By a subquery, an order and a limit: so it is a look into the index for each, and never a join
  // of the whole table.
  return "(SELECT true FROM spider_run n JOIN scheduler_state ns ON ns.id = n.run_id "
         "WHERE n.spider = r.spider AND n.started_at > r.started_at AND n.verdict " +
         verdict + " AND ns.schedule = :schedule ORDER BY n.started_at DESC LIMIT 1)";
}

/** Those of them that go. Who writes to one of them has locked it. */
std::string goers(const PruneStep& step) {
  return std::string("goers AS MATERIALIZED (SELECT s.id FROM scheduler_state s ") +
         "WHERE s.id = ANY (ARRAY(SELECT id FROM part)) AND s.id <> :mark "
         "AND (s.status <> 'running' OR s.updated_at < " +
         old + ") AND s.id IS DISTINCT FROM (" + newest_success("id") +
         ") "
         "AND s.id IS DISTINCT FROM (SELECT id FROM scheduler_state WHERE schedule = :schedule "
         "AND NOT partial AND NOT (status = 'completed' AND spider_count = 0) "
         "AND last_run_at <= now() ORDER BY last_run_at DESC, id DESC LIMIT 1) "
         "AND (SELECT true FROM spider_run r WHERE r.run_id = s.id AND CASE r.verdict "
         "WHEN 'failed' THEN " +
         newer("= 'failed'") + " ELSE " + newer("<> 'failed'") + " END IS NULL LIMIT 1) IS NULL" +
         (step.dry_run ? ")" : " FOR UPDATE SKIP LOCKED)");
}

/** Their rows of a table. */
std::string rows(const PruneStep& step, const std::string& table, const std::string& column) {
  const std::string where =
      " FROM " + table + " WHERE " + column + " = ANY (ARRAY(SELECT id FROM goers))";
  return step.dry_run ? "SELECT 1" + where : "DELETE" + where + " RETURNING 1";
}

std::string statement(const PruneStep& step) {
  return "WITH " + part(step) + ", " + goers(step) + ", attempts AS (" +
         rows(step, "spider_run", "run_id") + "), runs AS (" + rows(step, "scheduler_state", "id") +
         "), newest AS (SELECT * FROM part ORDER BY last_run_at DESC, id DESC LIMIT 1) "
         "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM attempts), "
         "((SELECT count(*) FROM page) < :most AND "
         "(SELECT count(*) FROM page) = (SELECT count(*) FROM part))::int, "
         "(SELECT " +
         to_microseconds("last_run_at") + " FROM newest), (SELECT id FROM newest)";
}

/** The next step looks at what comes after this one. */
void go_on(PruneStep& step, bool exhausted, const std::optional<TimePoint>& last, RunId last_id) {
  if (last) {
    step.after = last;
    step.after_id = last_id;
  }
  if (!exhausted) return;
  step.done = step.by_hand;
  step.by_hand = true;
  step.after.reset();
  step.after_id = 0;
}

Pruned take_step(soci::session& sql, const std::string& schedule, PruneStep& step) {
  const auto age = static_cast<long long>(step.age.count());
  const auto mark = static_cast<long long>(step.mark);
  const long long after = step.after ? step.after->time_since_epoch().count() : 0;
  const auto after_id = static_cast<long long>(step.after_id);
  long long runs = 0;
  long long attempts = 0;
  int exhausted = 0;
  long long last = 0;
  long long last_id = 0;
  soci::indicator any = soci::i_null;
  soci::indicator any_id = soci::i_null;
  sql << statement(step), soci::use(schedule, "schedule"), soci::use(age, "age"),
      soci::use(mark, "mark"), soci::use(step.size, "most"), soci::use(after, "after"),
      soci::use(after_id, "after_id"), soci::into(runs), soci::into(attempts),
      soci::into(exhausted), soci::into(last, any), soci::into(last_id, any_id);
  go_on(step, exhausted != 0,
        any == soci::i_ok ? std::optional(from_microseconds(last)) : std::nullopt, last_id);
  Pruned pruned;
  pruned.runs = runs;
  pruned.attempts = attempts;
  return pruned;
}

/** One run that cannot be removed: the next step begins behind it. */
Pruned pass_over(Session& session, const std::string& schedule, PruneStep& step,
                 const DbError& error) {
  step.dry_run = true;
  session.run([&](soci::session& sql) { (void)take_step(sql, schedule, step); });
  step.dry_run = false;
  Pruned pruned;
  pruned.kept = 1;
  pruned.why = error.what();
  pruned.cause = error.cause();
  return pruned;
}

}  // namespace

Pruned prune_runs(Session& session, const std::string& schedule, PruneStep& step) {
  if (step.size == 0) step.size = step.most;
  while (true) {
    try {
      const auto pruned =
          session.run([&](soci::session& sql) { return take_step(sql, schedule, step); });
      step.size = std::min(step.most, step.size * smaller);
      return pruned;
    } catch (const DbError& error) {
      // Others' rows refer to one of them, or a trigger keeps it; parts say which.
      if (error.kind() != DbError::Kind::data) throw;
      if (step.size == 1) return pass_over(session, schedule, step, error);
    }
    step.size = std::max(1, step.size / smaller);
  }
}

}  // namespace spider_check::db
