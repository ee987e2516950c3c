// Getting a run back after the database was away, and bringing what it was not told of meanwhile.

#include "core/attempt_record.hpp"
#include "db/attempt_rows.hpp"
#include "db/migrator.hpp"
#include "db/run_store.hpp"
#include "db/slot_lock.hpp"

namespace spider_check::db {

namespace {

/** What `statements` gives, in a transaction of its own. */
template <typename Statements>
auto in_transaction(soci::session& sql, Statements&& statements) {
  soci::transaction transaction(sql);
  auto result = statements();
  transaction.commit();
  return result;
}

/** By what the server keeps of a session's name. */
bool is_session_of(const LockHolder& holder, const Owner& owner) {
  return parse_session_name(session_name(owner.host, owner.pid)) ==
         std::pair{holder.host, holder.pid};
}

/** Whether a process of our own host has the lock, and no run. */
bool is_only_looking(soci::session& sql, const std::string& schedule, const LockHolder& holder) {
  int running = 0;
  sql << "SELECT count(*)::int FROM ((SELECT status, host, pid FROM scheduler_state "
         "WHERE schedule = :schedule AND NOT partial ORDER BY last_run_at DESC, id DESC LIMIT 20) "
         "UNION ALL (SELECT status, host, pid FROM scheduler_state WHERE schedule = :schedule "
         "AND partial AND status = 'running' ORDER BY last_run_at DESC, id DESC LIMIT 20)) AS "
         "newest "
         "WHERE status = 'running' AND pid = :pid AND starts_with(host, :host)",
      soci::use(schedule, "schedule"), soci::use(holder.pid, "pid"), soci::use(holder.host, "host"),
      soci::into(running);
  return running == 0;
}

}  // namespace

void PgRunStore::drop_connection() noexcept {
  write_.reset();
  session_.disconnect();
}

RunId PgRunStore::reclaim(const AttemptRecord& attempt, const HostTime& now, SlotLock& lock) {
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
  return record_again(attempt, now);
}

RunId PgRunStore::record_again(const AttemptRecord& attempt, const HostTime& now) {
  require_migrated(session_);
  return session_.run([&](soci::session& sql) {
    return in_transaction(sql, [&] { return adopt(sql, schedule_, attempt, now); });
  });
}

std::unique_ptr<SlotLock> PgRunStore::unheld_lock(int slot) {
  return std::make_unique<PgSlotLock>(session_, schedule_, slot, false, false);
}

RunId PgRunStore::replay(const AttemptRecord& attempt, const HostTime& now) {
  require_migrated(session_);
  return session_.run([&](soci::session& sql) {
    return in_transaction(sql, [&] { return record(sql, schedule_, attempt, now); });
  });
}

void PgRunStore::verify(const Claim& claim) {
  session_.run([&](soci::session& sql) {
    const auto id = static_cast<long long>(claim.id);
    int ours = 0;
    int there = 0;
    sql << "SELECT (count(*) FILTER (WHERE id = :id AND owner_token = :token::uuid))::int, "
           "count(*)::int FROM scheduler_state WHERE run_uuid = nullif(:uuid, '')::uuid",
        soci::use(id), soci::use(claim.token), soci::use(claim.uuid), soci::into(ours),
        soci::into(there);
    if (there == 0) missing_run(claim.id);
    if (ours == 0) lost_run(claim.id);
  });
}

}  // namespace spider_check::db
