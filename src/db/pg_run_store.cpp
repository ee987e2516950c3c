#include "db/pg_run_store.hpp"

#include <algorithm>
#include <chrono>

#include <poll.h>

#include "db/attempt_rows.hpp"
#include "db/migrator.hpp"
#include "db/report_store.hpp"
#include "db/run_retention.hpp"
#include "db/run_rows.hpp"
#include "db/slot_lock.hpp"
#include "db/values.hpp"
#include "util/fault_point.hpp"

namespace spider_check {

namespace {

/** A write that found no row found a run that is no longer this claim's, or not there any more. */
void require_written(soci::session& sql, soci::statement& statement, const Claim& claim) {
  if (statement.get_affected_rows() > 0) return;
  int there = 0;
  sql << R"sql(SELECT count(*)::int
      FROM scheduler_state
      WHERE run_uuid = nullif(:uuid, '')::uuid)sql",
      soci::use(claim.uuid), soci::into(there);
  if (there == 0) missing_run(claim.id);
  lost_run(claim.id);
}

// SOCI keeps the address of what it is given and reads it when the statement ends, after every
// temporary of the statement is gone: so everything that is used has a name.

}  // namespace

PgRunStore::PgRunStore(Session& session, std::string schedule, int max_instances, const Host& host)
    : session_(session),
      schedule_(std::move(schedule)),
      max_instances_(max_instances),
      host_(host) {}

template <typename Statements>
auto PgRunStore::on_schema(Statements&& statements) {
  try {
    return session_.run(std::forward<Statements>(statements));
  } catch (const DbError& error) {
    if (error.kind() == DbError::Kind::not_migrated) require_migrated(session_);
    throw;
  }
}

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
  return on_schema(read(Path::pinned));
}

DatabaseIdentity PgRunStore::database() {
  return on_schema([&](soci::session& sql) {
    DatabaseIdentity database;
    sql << R"sql(SELECT id::text, current_database() FROM spider_check_database)sql",
        soci::into(database.id), soci::into(database.name);
    return database;
  });
}

State PgRunStore::state() {
  // Nothing is written, and nobody is told anything but "not yet", by a tick that does not get
  // here.
  require_migrated(session_);
  const auto latest_success = this->latest_success();
  State state;
  state.now = latest_success.now;
  state.newest_success = latest_success.newest_success;
  on_schema([&](soci::session& sql) {
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

Claim PgRunStore::start(const NewRun& run, const SlotLock& lock) {
  return on_schema([&](soci::session& sql) {
    const auto trigger = std::string(to_text(run.trigger));
    const int partial = run.partial ? 1 : 0;
    const auto late = run.late.value_or(Duration{}).count();
    const int missed = run.missed_intervals.value_or(0);
    auto has_late = run.late ? soci::i_ok : soci::i_null;
    auto has_missed = run.missed_intervals ? soci::i_ok : soci::i_null;
    const int slot = lock.slot();
    const auto delays = to_kept_quoted(sql, delays_or_none(run.delays));
    const auto& owner = host_.self();
    Claim claim;
    std::string started;
    sql << R"sql(INSERT INTO scheduler_state (last_run_at, spider_count, status, created_at,
          updated_at, schedule, trigger, partial, lateness, missed_intervals, host, boot_id,
          pid_namespace, pid, process_start, machine_id, slot, run_uuid, owner_token, hindrances)
        VALUES (now(), 0, 'running', now(), now(), :schedule, :trigger, :partial::int::boolean,
          :late * interval '1 microsecond', :missed::int, :host, :boot, :namespace, :pid, :start,
          :machine, :slot, coalesce(nullif(:uuid, '')::uuid, gen_random_uuid()),
          coalesce(nullif(:token, '')::uuid, gen_random_uuid()), nullif(:hindrances, '')::jsonb)
        RETURNING id, owner_token::text, run_uuid::text, extract(epoch FROM last_run_at))sql",
        soci::use(schedule_), soci::use(trigger), soci::use(partial), soci::use(late, has_late),
        soci::use(missed, has_missed), soci::use(owner.host), soci::use(owner.boot_id),
        soci::use(owner.pid_namespace), soci::use(owner.pid), soci::use(owner.process_start),
        soci::use(owner.machine), soci::use(slot), soci::use(run.uuid), soci::use(run.token),
        soci::use(delays), soci::into(claim.id), soci::into(claim.token), soci::into(claim.uuid),
        soci::into(started);
    claim.started = from_seconds(started);
    return claim;
  });
}

Claim PgRunStore::retry(const Run& run, const SlotLock& lock, const std::string& token) {
  return on_schema([&](soci::session& sql) {
    const int slot = lock.slot();
    const auto& owner = host_.self();
    Claim claim{run.id, run.attempt + 1, run.started, {}, run.uuid};
    // The attempt is part of the condition: of two that saw the same failed run only one goes on.
    sql << R"sql(UPDATE scheduler_state
        SET status = 'running', attempt = :attempt, updated_at = now(), next_attempt_at = NULL,
          finished_at = NULL, failure = NULL, spiders_outlive = NULL, host = :host,
          boot_id = :boot, pid_namespace = :namespace, pid = :pid, process_start = :start,
          machine_id = :machine, slot = :slot,
          owner_token = coalesce(nullif(:token, '')::uuid, gen_random_uuid())
        WHERE id = :id AND status = 'failed' AND attempt = :seen
        RETURNING owner_token::text)sql",
        soci::use(claim.attempt), soci::use(owner.host), soci::use(owner.boot_id),
        soci::use(owner.pid_namespace), soci::use(owner.pid), soci::use(owner.process_start),
        soci::use(owner.machine), soci::use(slot), soci::use(token), soci::use(run.id),
        soci::use(run.attempt), soci::into(claim.token);
    if (!sql.got_data()) lost_run(run.id);
    return claim;
  });
}

bool PgRunStore::mark_interrupted(const Run& run, const std::string& why) {
  return on_schema([&](soci::session& sql) {
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
  return on_schema([&](soci::session& sql) {
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

void PgRunStore::set_spider_count(const Claim& claim, int count, Duration spiders_outlive) {
  on_schema([&](soci::session& sql) {
    const auto outlive = spiders_outlive.count();
    soci::statement update =
        (sql.prepare << R"sql(UPDATE scheduler_state
            SET spider_count = :count, updated_at = now(),
              spiders_outlive = :outlive * interval '1 microsecond'
            WHERE id = :id AND owner_token = :token::uuid)sql",
         soci::use(count), soci::use(outlive), soci::use(claim.id), soci::use(claim.token));
    update.execute(true);
    require_written(sql, update, claim);
  });
}

void PgRunStore::finish(const Claim& claim, const RunEnd& end) {
  on_schema([&](soci::session& sql) {
    const auto status = std::string(to_text(end.status));
    const auto failure = to_kept(sql, end.failure);
    const auto faults = to_kept_quoted(sql, to_array_literal(end.faults));
    const auto pause = end.retry_after.value_or(Duration{}).count();
    auto has_pause = end.retry_after ? soci::i_ok : soci::i_null;
    soci::statement update =
        (sql.prepare << R"sql(UPDATE scheduler_state
            SET status = :status, updated_at = now(), finished_at = now(),
              failure = nullif(:failure, ''), faults = nullif(:faults::text[], '{}'),
              next_attempt_at = now() + :retry * interval '1 microsecond'
            WHERE id = :id AND owner_token = :token::uuid)sql",
         soci::use(status), soci::use(failure), soci::use(faults), soci::use(pause, has_pause),
         soci::use(claim.id), soci::use(claim.token));
    update.execute(true);
    require_written(sql, update, claim);
  });
}

std::vector<RecordedOutcome> PgRunStore::outcomes(RunId run) {
  return on_schema([&](soci::session& sql) { return newest_outcomes(sql, run); });
}

std::map<std::string, Baseline> PgRunStore::baselines(const std::vector<std::string>& spiders) {
  return on_schema([&](soci::session& sql) { return read_histories(sql, schedule_, spiders); });
}

std::vector<std::string> PgRunStore::spiders_of_last_success() {
  return on_schema([&](soci::session& sql) { return read_last_spiders(sql, schedule_); });
}

std::vector<std::filesystem::path> PgRunStore::newest_failed_logs() {
  return on_schema([&](soci::session& sql) { return read_failed_logs(sql, schedule_); });
}

RunId PgRunStore::newest_run_before(Duration age) {
  return on_schema([&](soci::session& sql) { return read_newest_before(sql, schedule_, age); });
}

Pruned PgRunStore::prune(PruneStep& step) {
  return prune_runs(session_, schedule_, step);
}

}  // namespace spider_check

// What is written while spiders run: without waiting for the server.

namespace spider_check {

void lost_run(RunId run) {
  throw LostRun("run " + std::to_string(run) + " was taken over by another process");
}

void missing_run(RunId run) {
  throw MissingRun("The row of run " + std::to_string(run) + " is gone");
}

// Written twice is written once: the first answer may have been lost. A server that was frozen
// carries out the first one late, and takes its own time for then.
constexpr auto write_outcomes = R"sql(WITH run AS (
  UPDATE scheduler_state
  SET updated_at = now()
  WHERE id = $1::int AND owner_token = $2::uuid
  RETURNING id
), written AS (
  INSERT INTO spider_run (run_id, spider, attempt, started_at, finished_at, status, verdict,
    reasons, exit_code, signal, log_path, cpu_time, peak_memory, finish_reason, items, pages,
    errors, stats, field_counts, faults, rows, owner_token)
  SELECT run.id, o.spider, $3::int, now() - o.started * interval '1 microsecond',
    now() - o.ended * interval '1 microsecond', o.status, o.verdict, o.reasons, o.exit_code,
    o.signal, o.log_path, o.cpu * interval '1 microsecond', o.memory, o.finish_reason, o.items,
    o.pages, o.errors, o.stats, o.field_counts, o.faults, o.rows, $2::uuid
  FROM run, jsonb_to_recordset($4::jsonb) AS o (spider text, started bigint, ended bigint,
    status text, verdict text, reasons text[], exit_code int, signal int, log_path text,
    cpu bigint, memory bigint, finish_reason text, items bigint, pages bigint, errors bigint,
    stats jsonb, field_counts jsonb, faults jsonb, rows bigint)
  ON CONFLICT (run_id, spider, attempt) DO UPDATE
  SET started_at = least(spider_run.started_at, excluded.started_at),
    finished_at = least(spider_run.finished_at, excluded.finished_at)
)
SELECT CASE
  WHEN EXISTS (SELECT FROM run) THEN 'ours'
  WHEN EXISTS (SELECT FROM scheduler_state WHERE run_uuid = nullif($5, '')::uuid) THEN 'lost'
  ELSE 'missing' END)sql";

void PgRunStore::send(const Claim& claim, const std::vector<SpiderOutcome>& outcomes) {
  written_to_ = claim.id;
  write_.reset();
  session_.run([&](soci::session& session) {
    // Planning it takes the server as long as carrying it out.
    const bool is_ready = prepared_on_ == session_.connections();
    write_.emplace(connection_of(session),
                   PreparedStatement{
                       "write", is_ready ? "" : qualified(write_outcomes, session_.schema().name)},
                   std::vector<std::string>{std::to_string(claim.id), claim.token,
                                            std::to_string(claim.attempt),
                                            to_kept_quoted(session, to_json(outcomes)), claim.uuid},
                   session_.statement_timeout());
  });
}

PollRequest PgRunStore::poll_request() const {
  return write_ ? write_->poll_request() : session_.poll_request();
}

void PgRunStore::note_prepared() noexcept {
  if (write_->is_prepared()) prepared_on_ = session_.connections();
}

bool PgRunStore::written() {
  if (!write_) {
    session_.take_input();
    return true;
  }
  try {
    if (!write_->advance()) return false;
    note_prepared();
  } catch (const DbError&) {
    note_prepared();
    write_.reset();
    throw;
  }
  fault_point("outcomes are written");
  const auto answer = write_->answer();
  write_.reset();
  if (answer == "missing") missing_run(written_to_);
  if (answer != "ours") lost_run(written_to_);
  return true;
}

void PgRunStore::wait_written() {
  while (!written()) {
    const auto what = poll_request();
    pollfd fd{what.fd, static_cast<short>(POLLIN | (what.to_write ? POLLOUT : 0)), 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        *what.until - std::chrono::steady_clock::now());
    ::poll(&fd, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
  }
}

}  // namespace spider_check
