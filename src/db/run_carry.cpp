// Getting a run back after the database was away, and bringing what it was not told of meanwhile.

#include "core/attempt_record.hpp"
#include "db/attempt_rows.hpp"
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
    const auto holder = slot.holder();
    if (!holder || is_session_of(*holder, owners_.self())) {
      throw DbError(DbError::Kind::connection, "the former session still holds the lock");
    }
    throw LostRun("the lock of this run was taken by another process");
  }
  require_schema();
  return session_.run([&](soci::session& sql) {
    return in_transaction(sql, [&] { return adopt(sql, schedule_, attempt, now); });
  });
}

std::unique_ptr<SlotLock> PgRunStore::unheld_lock(int slot) {
  return std::make_unique<PgSlotLock>(session_, schedule_, slot, false, false);
}

RunId PgRunStore::carry(const AttemptRecord& attempt, const HostTime& now) {
  require_schema();
  return session_.run([&](soci::session& sql) {
    return in_transaction(sql, [&] { return record(sql, schedule_, attempt, now); });
  });
}

void PgRunStore::verify(const Claim& claim) {
  session_.run([&](soci::session& sql) {
    const auto id = static_cast<long long>(claim.id);
    int ours = 0;
    sql << "SELECT count(*)::int FROM scheduler_state "
           "WHERE id = :id AND owner_token = :token::uuid",
        soci::use(id), soci::use(claim.token), soci::into(ours);
    if (ours == 0) lost_run(claim.id);
  });
}

}  // namespace spider_check::db
