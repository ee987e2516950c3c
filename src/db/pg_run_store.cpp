#include "db/pg_run_store.hpp"

#include <algorithm>
#include <chrono>
#include <sstream>

#include <poll.h>

#include "db/migrator.hpp"
#include "db/report_store.hpp"
#include "db/run_retention.hpp"
#include "db/run_rows.hpp"
#include "db/slot_lock.hpp"
#include "db/values.hpp"
#include "outbox/record_json.hpp"
#include "util/fault_point.hpp"

namespace spider_check {

// SOCI keeps the address of what it is given and reads it when the statement ends, after every
// temporary of the statement is gone: so everything that is used has a name.

PgRunStore::PgRunStore(Session& session, std::string schedule, int max_instances, const Host& host)
    : session_(session),
      schedule_(std::move(schedule)),
      max_instances_(max_instances),
      host_(host) {}

LatestSuccess PgRunStore::latest_success() {
  const auto read = [&](Path path) {
    return [&, path](soci::session& sql) {
      return read_latest_success(sql, schedule_, channels_, path);
    };
  };
  if (!session_.is_pinned()) {
    try {
      return session_.run_unpinned(read(Path::of_user));
    } catch (const DbError& error) {
      // Where the path has several schemas, or the table is not there.
      if (error.kind() != DbError::Kind::not_migrated) throw;
    }
  }
  return run_on_schema(session_, read(Path::pinned));
}

DatabaseIdentity PgRunStore::database() {
  return run_on_schema(session_, [&](soci::session& sql) {
    DatabaseIdentity database;
    sql << R"sql(SELECT id::text, current_database() FROM spider_check_database)sql",
        soci::into(database.id), soci::into(database.name);
    return database;
  });
}

State PgRunStore::state() {
  // A tick that skips does not get here, and writes nothing.
  require_migrated(session_);
  const auto latest_success = this->latest_success();
  State state;
  state.now = latest_success.now;
  state.newest_success = latest_success.newest_success;
  run_on_schema(session_, [&](soci::session& sql) {
    read_newest_runs(sql, schedule_, state);
    read_server(sql, schedule_, state);
  });
  // After the rows: a run that ended in between then looks unlocked, which the look under the lock
  // sets right; the other way round a living run would look abandoned.
  const auto held = held_slots(session_, schedule_, max_instances_);
  state.free_slots = std::max(0, max_instances_ - static_cast<int>(held.size()));
  for (auto* run : {&state.last, &state.partial}) {
    if (!*run) continue;
    (*run)->lock_held = std::any_of(held.begin(), held.end(),
                                    [&](const auto& slot) { return slot.slot == (*run)->slot; });
  }
  return state;
}

std::unique_ptr<SlotLock> PgRunStore::try_lock() {
  return PgSlotLock::try_take(session_, schedule_, max_instances_);
}

std::optional<LockHolder> PgRunStore::lock_holder() {
  const auto held = held_slots(session_, schedule_, max_instances_);
  return held.empty() ? std::nullopt : held.front().holder;
}

bool PgRunStore::mark_interrupted(const Run& run, const std::string& why) {
  return run_on_schema(session_, [&](soci::session& sql) {
    const auto reason = to_kept(sql, why);
    const auto heartbeat = run.heartbeat.time_since_epoch().count();
    // With several slots its owner may have got its own back since this was read.
    soci::statement update = (sql.prepare << R"sql(UPDATE scheduler_state
            SET status = 'failed', failure = :why, next_attempt_at = now(),
              finished_at = updated_at, updated_at = now(), owner_token = NULL
            WHERE id = :id AND status = 'running' AND attempt = :seen
              AND greatest('0001-01-01 UTC', least('9999-01-01 UTC',
                    coalesce(updated_at, created_at, last_run_at))) =
                  timestamptz 'epoch' + :heartbeat * interval '1 microsecond'
              AND coalesce(owner_token::text, '') = :token)sql",
                              soci::use(reason), soci::use(run.id), soci::use(run.attempt),
                              soci::use(heartbeat), soci::use(run.token));
    update.execute(true);
    return update.get_affected_rows() > 0;
  });
}

std::vector<std::string> PgRunStore::succeeded(RunId run) {
  return run_on_schema(session_, [&](soci::session& sql) {
    const soci::rowset<std::string> names = (sql.prepare << R"sql(SELECT DISTINCT spider
          FROM spider_run
          WHERE run_id = :id AND verdict IN ('ok', 'degraded')
          ORDER BY spider)sql",
                                             soci::use(run));
    std::vector<std::string> succeeded;
    for (const auto& name : names) succeeded.push_back(from_kept(sql, name));
    return succeeded;
  });
}

std::vector<RecordedOutcome> PgRunStore::outcomes(RunId run) {
  return run_on_schema(session_, [&](soci::session& sql) { return newest_outcomes(sql, run); });
}

Pruned PgRunStore::prune(PruneStep& step) {
  return prune_runs(session_, schedule_, step);
}

namespace {

/** By what the server keeps of a session's name. */
bool is_session_of(const LockHolder& holder, const Owner& owner) {
  return parse_session_name(session_name(owner.host, owner.pid)) ==
         std::pair{holder.host, holder.pid};
}

/** Whether a process of our own host has the lock, and no run. */
bool is_only_looking(soci::session& sql, const std::string& schedule, const LockHolder& holder) {
  int running = 0;
  sql << R"sql(SELECT count(*)::int
      FROM (
        (SELECT status, host, pid
         FROM scheduler_state
         WHERE schedule = :schedule AND NOT partial
         ORDER BY last_run_at DESC, id DESC LIMIT 20)
        UNION ALL
        (SELECT status, host, pid
         FROM scheduler_state
         WHERE schedule = :schedule AND partial AND status = 'running'
         ORDER BY last_run_at DESC, id DESC LIMIT 20)) AS newest
      WHERE status = 'running' AND pid = :pid AND starts_with(host, :host))sql",
      soci::use(schedule, "schedule"), soci::use(holder.pid, "pid"), soci::use(holder.host, "host"),
      soci::into(running);
  return running == 0;
}

}  // namespace

void PgRunStore::drop_connection() noexcept {
  write_.reset();
  session_.disconnect();
}

void PgRunStore::take_again(SlotLock& lock) {
  drop_connection();
  auto& slot = dynamic_cast<PgSlotLock&>(lock);
  if (!slot.take_again()) {
    // The server may not have noticed yet that our former session is gone; then it still has it.
    // Its name alone says little: containers of several hosts share host names and pids.
    const auto held = slot.holder();
    const auto holder = held ? held->holder : std::nullopt;
    const bool may_be_ours = !held || slot.backend() == 0 || held->backend == slot.backend();
    if (!holder || (may_be_ours && is_session_of(*holder, host_.self()))) {
      throw DbError(DbError::Kind::connection, "the former session still holds the lock");
    }
    // A tick that finds our slot's file locked lets go at once, and meant to take no run.
    auto neighbour = host_.self();
    neighbour.pid = holder->pid;
    const auto looks = [&](soci::session& sql) { return is_only_looking(sql, schedule_, *holder); };
    if (is_session_of(*holder, neighbour) && session_.run(looks)) {
      throw DbError(DbError::Kind::connection, "another process looks whether to run");
    }
    throw LostRun("the lock of this run was taken by another process");
  }
}

std::unique_ptr<SlotLock> PgRunStore::unheld_lock(int slot) {
  return std::make_unique<PgSlotLock>(session_, schedule_, slot, false, false);
}

namespace {

/**
 * Records facts of an attempt (facts_json), in one statement for all: a run that starts or
 * is tried again, its heartbeat, its outcomes, its end; from a new connection, and from the outbox
 * of a program that is gone. What has been recorded stays as it is, so that a statement may be sent
 * again whose answer was lost.
 *
 * Outcomes are recorded under the attempt's own number, or the next free one where another owner
 * made an attempt of that number meanwhile (two hosts tried again, one without the database). An
 * owner that lives loses its run to another that has gone on with it. One that is gone has its
 * outcomes recorded all the same, and its end where that goes on with what the row says; a mark
 * that the attempt was interrupted, which has no owner, is only what others took it for.
 *
 * Gives the run's id, its start, and whether its row is new; "lost"; or nothing where the row
 * cannot be seen.
 */
constexpr auto record_attempt = R"sql(WITH fact AS MATERIALIZED (
  SELECT a.uuid, a.token, a.attempt, a.trigger, a.partial, a.late, a.missed, a.hindrances, a.slot,
    a.spiders, a.outlive * interval '1 microsecond' AS outlive, o.host, o.boot, o.namespace, o.pid,
    o.start, o.machine, w.alive, w.known, w.outcomes,
    now() - w.started * interval '1 microsecond' AS started_at,
    coalesce(e.status, 'running') AS status, nullif(e.failure, '') AS failure, e.faults,
    now() - w.ended * interval '1 microsecond' AS finished_at,
    now() - (w.ended - e.retry_after) * interval '1 microsecond' AS next_attempt_at
  FROM jsonb_to_record($2::jsonb) AS w (attempt jsonb, ending jsonb, outcomes jsonb,
      alive boolean, known boolean, started bigint, ended bigint),
    jsonb_to_record(w.attempt) AS a (uuid uuid, token uuid, attempt int, trigger text,
      partial boolean, late bigint, missed int, hindrances jsonb, owner jsonb, slot int,
      spiders int, outlive bigint),
    jsonb_to_record(a.owner) AS o (host text, boot text, namespace bigint, pid int, start bigint,
      machine text),
    jsonb_to_record(w.ending) AS e (status text, failure text, faults text[], retry_after bigint)
), run AS (
  SELECT s.id, s.attempt, s.status, s.owner_token AS token, s.last_run_at
  FROM scheduler_state s JOIN fact ON s.run_uuid = fact.uuid
  FOR UPDATE OF s
), numbered AS (
  SELECT run.*, coalesce(
    (SELECT r.attempt FROM spider_run r
     WHERE r.run_id = run.id AND r.owner_token = fact.token LIMIT 1),
    CASE WHEN (run.attempt = fact.attempt AND run.token <> fact.token) OR EXISTS (
        SELECT FROM spider_run r
        WHERE r.run_id = run.id AND r.attempt = fact.attempt
          AND r.owner_token IS DISTINCT FROM fact.token)
      THEN 1 + greatest(run.attempt,
        (SELECT max(r.attempt) FROM spider_run r WHERE r.run_id = run.id))
      ELSE fact.attempt END) AS number
  FROM run CROSS JOIN fact
), known AS (
  SELECT n.id, n.number, n.last_run_at, CASE
    WHEN fact.alive THEN n.token IS NOT DISTINCT FROM fact.token
      OR (n.status = 'failed' AND n.attempt < fact.attempt)
    WHEN n.token IS NOT DISTINCT FROM fact.token AND n.attempt = fact.attempt
      THEN n.status = 'running'
    ELSE n.status = 'failed' AND (n.number > n.attempt
      OR (fact.known AND n.token IS NULL AND n.number = n.attempt)) END AS is_ours
  FROM numbered n CROSS JOIN fact
), updated AS (
  UPDATE scheduler_state s
  SET status = fact.status, attempt = greatest(s.attempt, known.number), updated_at = now(),
    host = fact.host, boot_id = fact.boot, pid_namespace = fact.namespace, pid = fact.pid,
    process_start = fact.start, machine_id = fact.machine, slot = fact.slot,
    owner_token = fact.token,
    spider_count = CASE WHEN fact.spiders > 0 THEN fact.spiders ELSE s.spider_count END,
    spiders_outlive = fact.outlive, failure = fact.failure,
    faults = CASE WHEN fact.status = 'running' THEN s.faults ELSE nullif(fact.faults, '{}') END,
    finished_at = fact.finished_at, next_attempt_at = fact.next_attempt_at
  FROM known, fact
  WHERE s.id = known.id AND known.is_ours
), counted AS (
  UPDATE scheduler_state s
  SET attempt = known.number
  FROM known, fact
  WHERE s.id = known.id AND NOT known.is_ours AND NOT fact.alive AND s.attempt < known.number
), inserted AS (
  INSERT INTO scheduler_state (last_run_at, spider_count, status, created_at, updated_at, schedule,
    trigger, partial, attempt, lateness, missed_intervals, host, boot_id, pid_namespace, pid,
    process_start, machine_id, slot, run_uuid, owner_token, failure, faults, finished_at,
    next_attempt_at, hindrances, spiders_outlive)
  SELECT started_at, spiders, status, now(), now(), $1, trigger, partial, attempt,
    late * interval '1 microsecond', missed, host, boot, namespace, pid, start, machine, slot, uuid,
    token, failure, nullif(faults, '{}'), finished_at, next_attempt_at, nullif(hindrances, '[]'),
    outlive
  FROM fact
  WHERE NOT EXISTS (SELECT FROM run)
  ON CONFLICT (run_uuid) DO NOTHING
  RETURNING id, attempt, last_run_at
), target AS (
  SELECT known.id, known.number, known.last_run_at, 0 AS is_new
  FROM known CROSS JOIN fact
  WHERE known.is_ours OR NOT fact.alive
  UNION ALL
  SELECT id, attempt, last_run_at, 1 FROM inserted
), written AS (
  INSERT INTO spider_run (run_id, spider, attempt, started_at, finished_at, status, verdict,
    reasons, exit_code, signal, log_path, cpu_time, peak_memory, finish_reason, items, pages,
    errors, stats, field_counts, faults, rows, owner_token)
  SELECT target.id, o.spider, target.number, now() - o.started * interval '1 microsecond',
    now() - o.ended * interval '1 microsecond', o.status, o.verdict, o.reasons, o.exit_code,
    o.signal, o.log_path, o.cpu * interval '1 microsecond', o.memory, o.finish_reason, o.items,
    o.pages, o.errors, o.stats, o.field_counts, o.faults, o.rows, fact.token
  FROM target, fact, jsonb_to_recordset(fact.outcomes) AS o (spider text, started bigint,
    ended bigint, status text, verdict text, reasons text[], exit_code int, signal int,
    log_path text, cpu bigint, memory bigint, finish_reason text, items bigint, pages bigint,
    errors bigint, stats jsonb, field_counts jsonb, faults jsonb, rows bigint)
  -- A server that was frozen carries out a statement late, and takes its own time for now.
  ON CONFLICT (run_id, spider, attempt) DO UPDATE
  SET started_at = least(spider_run.started_at, excluded.started_at),
    finished_at = least(spider_run.finished_at, excluded.finished_at)
  WHERE spider_run.owner_token = excluded.owner_token AND (SELECT alive FROM fact)
)
SELECT coalesce((SELECT id || ' ' || is_new || ' ' || extract(epoch FROM last_run_at) FROM target),
  (SELECT 'lost' FROM known)))sql";

RecordedRun recorded_run(const std::string& answer, RunId run) {
  if (answer == "lost") {
    throw LostRun("run " + std::to_string(run) + " was taken over by another process");
  }
  RecordedRun recorded;
  std::string started;
  int is_new = 0;
  std::istringstream fields(answer);
  if (!(fields >> recorded.id >> is_new >> started)) {
    throw DbError(DbError::Kind::statement,
                  "the row of run " + std::to_string(run) +
                      " is there and cannot be seen: row-level security hides it, or another "
                      "session is just writing it; type: spider-check check");
  }
  recorded.is_new = is_new != 0;
  recorded.started = from_seconds(started);
  return recorded;
}

}  // namespace

void PgRunStore::send(const AttemptFacts& facts, const HostTime& now) {
  write_.reset();
  const auto& schema = session_.schema();
  // Planning it takes the server as long as carrying it out.
  const bool is_ready = prepared_on_ == session_.connections();
  if (!is_ready) require_migrated(session_);
  sent_to_ = facts.attempt.claim.id;
  session_.run([&](soci::session& sql) {
    write_.emplace(
        connection_of(sql),
        PreparedStatement{"write", is_ready ? "" : qualified(record_attempt, schema.name)},
        std::vector<std::string>{schedule_, to_kept_quoted(sql, facts_json(facts, now))},
        session_.statement_timeout());
  });
}

PollRequest PgRunStore::poll_request() const {
  return write_ ? write_->poll_request() : session_.poll_request();
}

void PgRunStore::note_prepared() noexcept {
  if (write_->is_prepared()) prepared_on_ = session_.connections();
}

std::optional<RecordedRun> PgRunStore::written() {
  try {
    if (!write_->advance()) return std::nullopt;
    note_prepared();
  } catch (const DbError&) {
    note_prepared();
    write_.reset();
    throw;
  }
  fault_point("outcomes are written");
  const auto answer = write_->answer();
  write_.reset();
  return recorded_run(answer, sent_to_);
}

RecordedRun PgRunStore::wait_written() {
  while (true) {
    if (const auto recorded = written()) return *recorded;
    const auto what = poll_request();
    pollfd fd{what.fd, static_cast<short>(POLLIN | (what.to_write ? POLLOUT : 0)), 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        *what.until - std::chrono::steady_clock::now());
    ::poll(&fd, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
  }
}

}  // namespace spider_check
