#include "db/slot_lock.hpp"

#include "db/lock_key.hpp"
#include "db/values.hpp"

namespace spider_check::db {

namespace {

// Everything that SOCI uses has a name here: it reads it only when the statement has ended.

bool try_advisory_lock(soci::session& sql, std::int32_t key) {
  int taken = 0;
  sql << "SELECT pg_try_advisory_lock(:class, :key)::int", soci::use(lock_class), soci::use(key),
      soci::into(taken);
  return taken != 0;
}

void advisory_unlock(soci::session& sql, std::int32_t key) {
  sql << "SELECT pg_advisory_unlock(:class, :key)", soci::use(lock_class), soci::use(key);
}

/**
 * Behind a transaction pooler each statement may reach another session, so that the lock is gone,
 * or is left to a stranger, as soon as it is taken.
 */
void require_own_lock(soci::session& sql, std::int32_t key) {
  int own = 0;
  const auto class_oid = as_oid(lock_class);
  const auto key_oid = as_oid(key);
  sql << "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 "
         "AND classid::bigint = :class AND objid::bigint = :key AND granted "
         "AND pid = pg_backend_pid() "
         "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
      soci::use(class_oid), soci::use(key_oid), soci::into(own);
  if (own == 0) {
    throw DbError(DbError::Kind::refused,
                  "the session lock that was just taken is not there: the connection goes through "
                  "a pooler in transaction mode; connect to PostgreSQL itself, or to a pool in "
                  "session mode");
  }
}

/**
 * A vanished client's session, and with it the lock, is gone within two minutes: 30 s idle, then
 * three probes, 10 s each; and while an answer waits to be taken, which nothing probes, a minute.
 * Settings of the server for this session; they mean nothing on a socket file.
 * idle_session_timeout came with PostgreSQL 14.
 */
void prepare_for_long_run(soci::session& sql) {
  sql << "SELECT set_config(name, value, false) FROM (VALUES "
         "('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'), "
         "('tcp_keepalives_count', '3'), ('tcp_user_timeout', '60000'), "
         "('idle_session_timeout', '0')) AS settings(name, value) "
         "WHERE EXISTS (SELECT FROM pg_settings s WHERE s.name = settings.name)";
}

/** The slot taken, or none. Where there are several, deciding goes one at a time. */
std::optional<int> take_slot(soci::session& sql, const std::string& schedule, int max_instances) {
  const auto deciding = deciding_key(schedule);
  if (max_instances > 1) {
    sql << "SELECT pg_advisory_lock(:class, :key)", soci::use(lock_class), soci::use(deciding);
  }
  for (int slot = 0; slot < max_instances; ++slot) {
    if (!try_advisory_lock(sql, slot_key(schedule, slot))) continue;
    require_own_lock(sql, slot_key(schedule, slot));
    prepare_for_long_run(sql);
    return slot;
  }
  if (max_instances > 1) advisory_unlock(sql, deciding);
  return std::nullopt;
}

}  // namespace

std::unique_ptr<PgSlotLock> PgSlotLock::try_take(Session& session, const std::string& schedule,
                                                 int max_instances) {
  const auto slot =
      session.run([&](soci::session& sql) { return take_slot(sql, schedule, max_instances); });
  if (!slot) return nullptr;
  return std::make_unique<PgSlotLock>(session, schedule, *slot, max_instances > 1);
}

PgSlotLock::PgSlotLock(Session& session, std::string schedule, int slot, bool deciding)
    : session_(session), schedule_(std::move(schedule)), slot_(slot), deciding_(deciding) {}

PgSlotLock::~PgSlotLock() {
  try {
    release();
  } catch (const DbError&) {
    // The connection is gone, and the lock with it.
  }
}

void PgSlotLock::decided() {
  if (!std::exchange(deciding_, false)) return;
  session_.run([&](soci::session& sql) { advisory_unlock(sql, deciding_key(schedule_)); });
}

void PgSlotLock::release() {
  if (!std::exchange(held_, false)) return;
  decided();
  session_.run([&](soci::session& sql) { advisory_unlock(sql, slot_key(schedule_, slot_)); });
}

bool PgSlotLock::take_again() {
  held_ = session_.run([&](soci::session& sql) {
    if (!try_advisory_lock(sql, slot_key(schedule_, slot_))) return false;
    prepare_for_long_run(sql);
    return true;
  });
  return held_;
}

std::vector<HeldSlot> held_slots(Session& session, const std::string& schedule, int max_instances) {
  std::string keys;
  for (int slot = 0; slot < max_instances; ++slot) {
    keys += (slot > 0 ? "," : "") + std::to_string(as_oid(slot_key(schedule, slot)));
  }
  return session.run([&](soci::session& sql) {
    // The keys are numbers of ours: nothing that anybody typed is in this text.
    const soci::rowset<soci::row> rows =
        (sql.prepare
         << "SELECT l.objid::bigint, coalesce(a.application_name, ''), "
         << to_microseconds("coalesce(a.backend_start, now())")
         << " FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid "
            "WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted "
            "AND l.classid::bigint = "
         << as_oid(lock_class) << " AND l.objid::bigint IN (" << keys
         << ") AND l.pid <> pg_backend_pid() "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())");
    std::vector<HeldSlot> held;
    for (const auto& row : rows) {
      LockHolder holder;
      if (auto name = parse_session_name(row.get<std::string>(1))) {
        std::tie(holder.host, holder.pid) = *name;
      }
      holder.since = from_microseconds(row.get<long long>(2));
      for (int slot = 0; slot < max_instances; ++slot) {
        if (as_oid(slot_key(schedule, slot)) == row.get<long long>(0))
          held.push_back({slot, holder});
      }
    }
    return held;
  });
}

}  // namespace spider_check::db
