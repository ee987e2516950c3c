#include "db/run_retention.hpp"

#include <algorithm>

#include "db/values.hpp"

namespace spider_check {

namespace {

// Where one of them cannot be removed a step looks at so much less.
constexpr int smaller = 8;

// Of many spiders, or attempts, a step takes fewer runs: each has its statement's time. Whether a
// spider had a newer attempt of that kind is asked by a subquery with an order and a limit: so it
// is a look into the index for each, and never a join of the whole table.
constexpr auto find_goers = R"sql(WITH page AS MATERIALIZED (
  SELECT id, last_run_at, greatest(spider_count, 1)::bigint * attempt AS attempts
  FROM scheduler_state
  WHERE schedule = :schedule AND partial = :by_hand::int::boolean
    AND last_run_at < now() - :age * interval '1 microsecond'
    AND (last_run_at, id) > (coalesce(timestamptz 'epoch' + :after * interval '1 microsecond',
                                      '-infinity'), :after_id)
  ORDER BY last_run_at, id LIMIT :most
), part AS MATERIALIZED (
  SELECT id, last_run_at
  FROM (SELECT *, sum(attempts) OVER (ORDER BY last_run_at, id) - attempts AS before FROM page)
    AS counted
  WHERE before < 10000
), goers AS MATERIALIZED (
  SELECT s.id
  FROM scheduler_state s
  WHERE s.id = ANY (ARRAY(SELECT id FROM part)) AND s.id <> :mark
    AND (s.status <> 'running' OR s.updated_at < now() - :age * interval '1 microsecond')
    AND s.id IS DISTINCT FROM (
      SELECT id
      FROM (SELECT id, schedule
            FROM scheduler_state
            WHERE (schedule, last_run_at) <= (:schedule, now()) AND status = 'completed'
              AND NOT partial AND spider_count > 0
            ORDER BY schedule DESC, last_run_at DESC LIMIT 1) AS success
      WHERE schedule = :schedule)
    AND s.id IS DISTINCT FROM (
      SELECT id
      FROM scheduler_state
      WHERE schedule = :schedule AND NOT partial AND last_run_at <= now()
        AND NOT (status = 'completed' AND spider_count = 0)
      ORDER BY last_run_at DESC, id DESC LIMIT 1)
    AND (SELECT true
         FROM spider_run r
         WHERE r.run_id = s.id AND CASE r.verdict
           WHEN 'failed' THEN
             (SELECT true
              FROM spider_run n JOIN scheduler_state ns ON ns.id = n.run_id
              WHERE n.spider = r.spider AND n.started_at > r.started_at
                AND n.verdict = 'failed' AND ns.schedule = :schedule
              ORDER BY n.started_at DESC LIMIT 1)
           ELSE
             (SELECT true
              FROM spider_run n JOIN scheduler_state ns ON ns.id = n.run_id
              WHERE n.spider = r.spider AND n.started_at > r.started_at
                AND n.verdict <> 'failed' AND ns.schedule = :schedule
              ORDER BY n.started_at DESC LIMIT 1)
           END IS NULL
         LIMIT 1) IS NULL
), newest AS (
  SELECT * FROM part ORDER BY last_run_at DESC, id DESC LIMIT 1
)
SELECT (SELECT coalesce(array_agg(id), '{}')::text FROM goers), (SELECT count(*) FROM goers),
  ((SELECT count(*) FROM page) < :most
    AND (SELECT count(*) FROM page) = (SELECT count(*) FROM part))::int,
  (SELECT extract(epoch FROM last_run_at)::text FROM newest), (SELECT id::bigint FROM newest))sql";

// Who writes to one of them has locked it, or has made it running.
constexpr auto remove_goers = R"sql(WITH goers AS MATERIALIZED (
  SELECT id
  FROM scheduler_state
  WHERE id = ANY (:ids::int[])
    AND (status <> 'running' OR updated_at < now() - :age * interval '1 microsecond')
  FOR UPDATE SKIP LOCKED
), attempts AS (
  DELETE FROM spider_run WHERE run_id = ANY (ARRAY(SELECT id FROM goers)) RETURNING 1
), runs AS (
  DELETE FROM scheduler_state WHERE id = ANY (ARRAY(SELECT id FROM goers)) RETURNING 1
)
SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM attempts))sql";

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
  const auto age = step.age.count();
  const int by_hand = step.by_hand ? 1 : 0;
  const auto after = step.after ? step.after->time_since_epoch().count() : 0;
  auto has_after = step.after ? soci::i_ok : soci::i_null;
  Pruned pruned;
  std::string goers;
  int exhausted = 0;
  std::string last;
  RunId last_id = 0;
  soci::indicator any = soci::i_null;
  sql << find_goers, soci::use(schedule, "schedule"), soci::use(age, "age"),
      soci::use(step.mark, "mark"), soci::use(step.size, "most"), soci::use(by_hand, "by_hand"),
      soci::use(after, has_after, "after"), soci::use(step.after_id, "after_id"), soci::into(goers),
      soci::into(pruned.runs), soci::into(exhausted), soci::into(last, any),
      soci::into(last_id, any);
  if (step.dry_run) {
    sql << R"sql(SELECT count(*) FROM spider_run WHERE run_id = ANY (:ids::int[]))sql",
        soci::use(goers), soci::into(pruned.attempts);
  } else if (pruned.runs > 0) {
    sql << remove_goers, soci::use(goers, "ids"), soci::use(age, "age"), soci::into(pruned.runs),
        soci::into(pruned.attempts);
  }
  // The next step looks at what comes after this one, also where rows of this one stay.
  go_on(step, exhausted != 0, any == soci::i_ok ? std::optional(from_seconds(last)) : std::nullopt,
        last_id);
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

}  // namespace spider_check
