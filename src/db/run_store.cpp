#include "db/run_store.hpp"

#include <algorithm>
#include <chrono>

#include <poll.h>

#include "core/fault_point.hpp"
#include "db/attempt_rows.hpp"
#include "db/migrator.hpp"
#include "db/report_store.hpp"
#include "db/run_retention.hpp"
#include "db/run_rows.hpp"
#include "db/slot_lock.hpp"
#include "db/values.hpp"

namespace spider_check::db {

namespace {

/** A write that found no row found a run that is no longer this claim's, or not there any more. */
void require_written(soci::session& sql, soci::statement& statement, const Claim& claim) {
  if (statement.get_affected_rows() > 0) return;
  int there = 0;
  sql << "SELECT count(*)::int FROM scheduler_state WHERE run_uuid = nullif(:uuid, '')::uuid",
      soci::use(claim.uuid), soci::into(there);
  if (there == 0) missing_run(claim.id);
  lost_run(claim.id);
}

/** NULL for an empty optional. */
struct Nullable {
  template <typename T>
  explicit Nullable(const std::optional<T>& value)
      : number(value ? static_cast<long long>(count(*value)) : 0),
        indicator(value ? soci::i_ok : soci::i_null) {}

  static long long count(Duration duration) { return duration.count(); }

  static long long count(int number) { return number; }

  long long number;
  soci::indicator indicator;
};

// SOCI keeps the address of what it is given and reads it when the statement ends, after every
// temporary of the statement is gone: so everything that is used has a name.

/** In a type that SOCI knows. */
struct OwnerNumbers {
  explicit OwnerNumbers(const Owner& owner)
      : pid_namespace(owner.pid_namespace), process_start(owner.process_start) {}

  long long pid_namespace;
  long long process_start;
};

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
    sql << "SELECT id::text, current_database() FROM spider_check_database",
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
    state.last = newest_whole_run(sql, schedule_);
    state.partial = running_partial_run(sql, schedule_);
    state.future_runs = future_runs(sql, schedule_);
    state.server_since = server_start(sql);
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
    Nullable late(run.late);
    Nullable missed(run.missed_intervals);
    const int slot = lock.slot();
    const auto delays = to_kept_quoted(sql, to_json(run.delays));
    const auto& owner = host_.self();
    const OwnerNumbers numbers(owner);
    Claim claim;
    long long started = 0;
    long long id = 0;
    sql << "INSERT INTO scheduler_state (last_run_at, spider_count, status, created_at, "
           "updated_at, "
           "schedule, trigger, partial, lateness, missed_intervals, host, boot_id, pid_namespace, "
           "pid, process_start, machine_id, slot, run_uuid, owner_token, hindrances) "
           "VALUES (now(), 0, 'running', now(), now(), :schedule, :trigger, "
           ":partial::int::boolean, "
        << to_interval(":late")
        << ", :missed::int, :host, :boot, :namespace, :pid, :start, :machine, :slot, "
           "coalesce(nullif(:uuid, '')::uuid, gen_random_uuid()), "
           "coalesce(nullif(:token, '')::uuid, gen_random_uuid()), "
           "nullif(:hindrances, '')::jsonb) "
           "RETURNING id, owner_token::text, run_uuid::text, "
        << to_microseconds("last_run_at"),
        soci::use(schedule_), soci::use(trigger), soci::use(partial),
        soci::use(late.number, late.indicator), soci::use(missed.number, missed.indicator),
        soci::use(owner.host), soci::use(owner.boot_id), soci::use(numbers.pid_namespace),
        soci::use(owner.pid), soci::use(numbers.process_start), soci::use(owner.machine),
        soci::use(slot), soci::use(run.uuid), soci::use(run.token), soci::use(delays),
        soci::into(id), soci::into(claim.token), soci::into(claim.uuid), soci::into(started);
    claim.id = id;
    claim.started = from_microseconds(started);
    return claim;
  });
}

Claim PgRunStore::retry(const Run& run, const SlotLock& lock, const std::string& token) {
  return on_schema([&](soci::session& sql) {
    const int slot = lock.slot();
    const auto& owner = host_.self();
    const OwnerNumbers numbers(owner);
    const auto id = static_cast<long long>(run.id);
    Claim claim{run.id, run.attempt + 1, run.started, {}, run.uuid};
    // The attempt is part of the condition: of two that saw the same failed run only one goes on.
    sql << "UPDATE scheduler_state SET status = 'running', attempt = :attempt, updated_at = now(), "
           "next_attempt_at = NULL, finished_at = NULL, failure = NULL, "
           "spiders_outlive = NULL, host = :host, "
           "boot_id = :boot, pid_namespace = :namespace, pid = :pid, process_start = :start, "
           "machine_id = :machine, slot = :slot, "
           "owner_token = coalesce(nullif(:token, '')::uuid, gen_random_uuid()) "
           "WHERE id = :id AND status = 'failed' AND attempt = :seen RETURNING owner_token::text",
        soci::use(claim.attempt), soci::use(owner.host), soci::use(owner.boot_id),
        soci::use(numbers.pid_namespace), soci::use(owner.pid), soci::use(numbers.process_start),
        soci::use(owner.machine), soci::use(slot), soci::use(token), soci::use(id),
        soci::use(run.attempt), soci::into(claim.token);
    if (!sql.got_data()) lost_run(run.id);
    return claim;
  });
}

bool PgRunStore::mark_interrupted(const Run& run, const std::string& why) {
  return on_schema([&](soci::session& sql) {
    const auto id = static_cast<long long>(run.id);
    const auto reason = to_kept(sql, why);
    const auto heartbeat = static_cast<long long>(run.heartbeat.time_since_epoch().count());
    // With several slots its owner may have got its own back since this was read.
    soci::statement update =
        (sql.prepare << "UPDATE scheduler_state SET status = 'failed', failure = :why, "
                        "next_attempt_at = now(), finished_at = updated_at, updated_at = now(), "
                        "owner_token = NULL WHERE id = :id AND status = 'running' "
                        "AND attempt = :seen AND "
                     << to_microseconds("coalesce(updated_at, created_at, last_run_at)")
                     << " = :heartbeat AND coalesce(owner_token::text, '') = :token",
         soci::use(reason), soci::use(id), soci::use(run.attempt), soci::use(heartbeat),
         soci::use(run.token));
    update.execute(true);
    return update.get_affected_rows() > 0;
  });
}

std::vector<std::string> PgRunStore::succeeded(RunId run) {
  return on_schema([&](soci::session& sql) {
    const auto id = static_cast<long long>(run);
    const soci::rowset<std::string> names =
        (sql.prepare << "SELECT DISTINCT spider FROM spider_run WHERE run_id = :id "
                        "AND verdict IN ('ok', 'degraded') ORDER BY spider",
         soci::use(id));
    std::vector<std::string> succeeded;
    for (const auto& name : names) succeeded.push_back(from_kept(sql, name));
    return succeeded;
  });
}

void PgRunStore::set_spider_count(const Claim& claim, int count, Duration spiders_outlive) {
  on_schema([&](soci::session& sql) {
    const auto id = static_cast<long long>(claim.id);
    const auto outlive = static_cast<long long>(spiders_outlive.count());
    soci::statement update =
        (sql.prepare << "UPDATE scheduler_state SET spider_count = :count, updated_at = now(), "
                        "spiders_outlive = "
                     << to_interval(":outlive") << " WHERE id = :id AND owner_token = :token::uuid",
         soci::use(count), soci::use(outlive), soci::use(id), soci::use(claim.token));
    update.execute(true);
    require_written(sql, update, claim);
  });
}

void PgRunStore::finish(const Claim& claim, const RunEnd& end) {
  on_schema([&](soci::session& sql) {
    const auto id = static_cast<long long>(claim.id);
    const auto status = std::string(to_text(end.status));
    const auto failure = to_kept(sql, end.failure);
    const auto faults = to_kept_quoted(sql, to_array_literal(end.faults));
    Nullable retry_after(end.retry_after);
    soci::statement update =
        (sql.prepare << "UPDATE scheduler_state SET status = :status, updated_at = now(), "
                        "finished_at = now(), failure = nullif(:failure, ''), "
                        "faults = nullif(:faults::text[], '{}'), "
                        "next_attempt_at = now() + "
                     << to_interval(":retry") << " WHERE id = :id AND owner_token = :token::uuid",
         soci::use(status), soci::use(failure), soci::use(faults),
         soci::use(retry_after.number, retry_after.indicator), soci::use(id),
         soci::use(claim.token));
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

}  // namespace spider_check::db

// What is written while spiders run: without waiting for the server.

namespace spider_check::db {

void lost_run(RunId run) {
  throw LostRun("run " + std::to_string(run) + " was taken over by another process");
}

void missing_run(RunId run) {
  throw MissingRun("The row of run " + std::to_string(run) + " is gone");
}

void PgRunStore::send(const Claim& claim, const std::vector<SpiderOutcome>& outcomes) {
  // Written twice is written once: the first answer may have been lost.
  static const std::string sql =
      "WITH run AS (UPDATE scheduler_state SET updated_at = now() "
      "WHERE id = $1::int AND owner_token = $2::uuid RETURNING id), "
      "written AS (" +
      insert_outcomes_sql("run", "$3::int", "$4::jsonb", "$2::uuid") +
      // A server that was frozen carries out the first one late, and takes its own time for then.
      " ON CONFLICT (run_id, spider, attempt) DO UPDATE SET "
      "started_at = least(spider_run.started_at, excluded.started_at), "
      "finished_at = least(spider_run.finished_at, excluded.finished_at)) "
      "SELECT CASE WHEN EXISTS (SELECT FROM run) THEN 'ours' "
      "WHEN EXISTS (SELECT FROM scheduler_state WHERE run_uuid = nullif($5, '')::uuid) "
      "THEN 'lost' ELSE 'missing' END";
  written_to_ = claim.id;
  write_.reset();
  session_.run([&](soci::session& session) {
    // Planning it takes the server as long as carrying it out.
    const bool is_ready = prepared_on_ == session_.connections();
    write_.emplace(
        connection_of(session),
        PreparedStatement{"write", is_ready ? "" : qualified(sql, session_.schema().name)},
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

}  // namespace spider_check::db
