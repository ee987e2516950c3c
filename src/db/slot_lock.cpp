#include "db/slot_lock.hpp"

#include <string_view>

#include "db/values.hpp"

namespace spider_check {

namespace {

// Where other clients are busy, a pooler may give a session its former backend by chance, about
// every other time. Only behind a pooler, and before a run, is this asked at all.
constexpr int rounds = 20;

int backend_of(Session& session) {
  return session.run_unpinned(
      [](soci::session& sql) { return ask<int>(sql, R"sql(SELECT pg_backend_pid())sql"); });
}

/** Whether what one of them had goes to the other one, or is changed for something else. */
bool share_backends(Session& session, Session& other) {
  const int ours = backend_of(session);
  int theirs = 0;
  for (int round = 0; round < rounds; ++round) {
    int now = 0;
    try {
      other.run_unpinned([](soci::session& sql) { sql.begin(); });
      now = backend_of(other);
    } catch (const DbError& error) {
      // A pool without a second connection proves nothing; PgBouncer's statement mode says so.
      return std::string_view(error.what()).find("statement pooling") != std::string_view::npos;
    }
    // As long as the transaction lasts no other client has its backend.
    const bool shared =
        now == ours || (theirs != 0 && now != theirs) || backend_of(session) != ours;
    other.run_unpinned([](soci::session& sql) { sql.rollback(); });
    if (shared) return true;
    // What was given back last is given away first: without this look each of the two would have
    // its own again for as long as no other client comes in between.
    if (backend_of(session) != ours) return true;
    theirs = now;
  }
  return false;
}

/** What is asked for a lock only where nothing stands between us and the server. */
enum class Answer { other_backend = -1, busy = 0, taken = 1 };

/** backend: the only one that may take the lock; 0: any. */
Answer try_advisory_lock(soci::session& sql, std::int32_t key, int backend) {
  const auto answer = ask<int>(sql, R"sql(SELECT CASE
      WHEN :backend::int IN (0, pg_backend_pid()) THEN pg_try_advisory_lock(:class, :key)::int
      ELSE -1 END)sql",
                               backend, lock_class, key);
  return static_cast<Answer>(answer);
}

/** Waits for it; false for another backend. */
bool advisory_lock(soci::session& sql, std::int32_t key, int backend) {
  return ask<int>(sql, R"sql(SELECT (CASE
      WHEN :backend::int IN (0, pg_backend_pid()) THEN pg_advisory_lock(:class, :key)::text
      END IS NOT NULL)::int)sql",
                  backend, lock_class, key) != 0;
}

void advisory_unlock(soci::session& sql, std::int32_t key) {
  sql << R"sql(SELECT pg_advisory_unlock(:class, :key))sql", soci::use(lock_class), soci::use(key);
}

/** Rather than to leave it for hours to a session of the pooler's, which may be any of a few. */
void give_back(soci::session& sql, std::int32_t key) {
  for (int tries = 0; tries < 8; ++tries) {
    const auto given = ask<int>(sql, R"sql(SELECT pg_advisory_unlock(:class, :key)::int
        FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND pid = pg_backend_pid()
          AND classid::bigint = :class_oid AND objid::bigint = :key_oid
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))sql",
                                lock_class, key, as_oid(lock_class), as_oid(key));
    if (given != 0) return;
  }
}

/** Behind a transaction pooler each statement may reach another session, and the lock is lost. */
void require_own_lock(soci::session& sql, std::int32_t key) {
  const auto own = ask<int>(sql, R"sql(SELECT count(*)::int
      FROM pg_locks
      WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND pid = pg_backend_pid()
        AND classid::bigint = :class_oid AND objid::bigint = :key_oid
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))sql",
                            as_oid(lock_class), as_oid(key));
  if (own != 0) return;
  give_back(sql, key);
  refuse_pooler("the session lock that was just taken is not there");
}

/**
 * A vanished client's session, and with it the lock, is gone within two minutes: 30 s idle, then
 * three probes, 10 s each; and while an answer waits to be taken, which nothing probes, a minute.
 * Settings of the server for this session; they mean nothing on a socket file.
 * idle_session_timeout came with PostgreSQL 14.
 */
void prepare_for_long_run(soci::session& sql) {
  sql << R"sql(SELECT set_config(name, value, false)
      FROM (VALUES ('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'),
        ('tcp_keepalives_count', '3'), ('tcp_user_timeout', '60000'),
        ('idle_session_timeout', '0')) AS settings (name, value)
      WHERE EXISTS (SELECT FROM pg_settings s WHERE s.name = settings.name))sql";
}

/** The answer for a slot; once it is taken, the session is made ready for the run. */
Answer take(Session& session, std::int32_t key) {
  const auto take_once = [&] {
    const auto backend = session.reported_backend();
    return session.run([&](soci::session& sql) {
      const auto answer = try_advisory_lock(sql, key, backend);
      if (answer != Answer::taken) return answer;
      require_own_lock(sql, key);
      prepare_for_long_run(sql);
      return answer;
    });
  };
  const auto answer = take_once();
  if (answer != Answer::other_backend) return answer;
  refuse_shared_backends(session);
  return take_once();
}

/**
 * Where there are several slots, one process decides at a time. False where another decides for
 * longer than a statement may take. Throws DbError.
 */
bool take_deciding(Session& session, std::int32_t key) {
  const auto take_once = [&] {
    const auto backend = session.reported_backend();
    return session.run([&](soci::session& sql) { return advisory_lock(sql, key, backend); });
  };
  try {
    if (take_once()) return true;
    refuse_shared_backends(session);
    (void)take_once();
    return true;
  } catch (const DbError& error) {
    if (error.kind() != DbError::Kind::statement) throw;
    return false;
  }
}

/** The slot taken, or none. */
std::optional<int> take_slot(Session& session, const std::string& schedule, int max_instances) {
  const auto schema = session.schema().oid;
  const auto deciding = deciding_key(schema, schedule);
  if (max_instances > 1 && !take_deciding(session, deciding)) return std::nullopt;
  for (int slot = 0; slot < max_instances; ++slot) {
    if (take(session, slot_key(schema, schedule, slot)) == Answer::taken) return slot;
  }
  if (max_instances > 1) {
    session.run([&](soci::session& sql) { advisory_unlock(sql, deciding); });
  }
  return std::nullopt;
}

}  // namespace

void refuse_pooler(const std::string& sign) {
  throw DbError(DbError::Kind::refused,
                sign +
                    ": the connection goes through a pooler in transaction mode; connect to "
                    "PostgreSQL itself, or to a pool in session mode");
}

void refuse_shared_backends(Session& session) {
  auto other = session.another();
  if (share_backends(session, other)) {
    refuse_pooler("what a session of ours holds is given to others");
  }
  session.accept_backend();
}

std::unique_ptr<PgSlotLock> PgSlotLock::try_take(Session& session, const std::string& schedule,
                                                 int max_instances) {
  const auto slot = take_slot(session, schedule, max_instances);
  if (!slot) return nullptr;
  return std::make_unique<PgSlotLock>(session, schedule, *slot, max_instances > 1);
}

PgSlotLock::PgSlotLock(Session& session, std::string schedule, int slot, bool deciding, bool held)
    : session_(session),
      schedule_(std::move(schedule)),
      slot_(slot),
      deciding_(deciding),
      held_(held) {
  if (held_) backend_ = session_.reported_backend();
}

PgSlotLock::~PgSlotLock() {
  try {
    release();
  } catch (const DbError&) {
    // The connection is gone, and the lock with it.
  }
}

void PgSlotLock::decided() {
  if (!std::exchange(deciding_, false)) return;
  const auto key = deciding_key(session_.schema().oid, schedule_);
  session_.run([&](soci::session& sql) { advisory_unlock(sql, key); });
}

void PgSlotLock::release() {
  if (!std::exchange(held_, false)) return;
  decided();
  const auto key = slot_key(session_.schema().oid, schedule_, slot_);
  session_.run([&](soci::session& sql) { advisory_unlock(sql, key); });
}

bool PgSlotLock::take_again() {
  held_ = take(session_, slot_key(session_.schema().oid, schedule_, slot_)) == Answer::taken;
  if (held_) backend_ = session_.reported_backend();
  return held_;
}

std::optional<HeldSlot> PgSlotLock::holder() {
  for (const auto& held : held_slots(session_, schedule_, slot_ + 1)) {
    if (held.slot == slot_) return held;
  }
  return std::nullopt;
}

std::vector<HeldSlot> held_slots(Session& session, const std::string& schedule, int max_instances) {
  const auto schema = session.schema().oid;
  std::vector<std::string> keys;
  for (int slot = 0; slot < max_instances; ++slot) {
    keys.push_back(std::to_string(as_oid(slot_key(schema, schedule, slot))));
  }
  return session.run([&](soci::session& sql) {
    const auto class_oid = as_oid(lock_class);
    const auto key_oids = to_array_literal(keys);
    const soci::rowset<soci::row> rows =
        (sql.prepare << R"sql(SELECT l.objid::bigint, coalesce(a.application_name, ''),
            extract(epoch FROM coalesce(a.backend_start, now()))::text, l.pid
          FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
          WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted
            AND l.classid::bigint = :class_oid AND l.objid::bigint = ANY (:key_oids::bigint[])
            AND l.pid <> pg_backend_pid()
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))sql",
         soci::use(class_oid), soci::use(key_oids));
    std::vector<HeldSlot> held;
    for (const auto& row : rows) {
      LockHolder holder;
      if (auto name = parse_session_name(row.get<std::string>(1))) {
        std::tie(holder.host, holder.pid) = *name;
      }
      holder.since = from_seconds(row.get<std::string>(2));
      for (int slot = 0; slot < max_instances; ++slot) {
        if (as_oid(slot_key(schema, schedule, slot)) == row.get<long long>(0)) {
          held.push_back({slot, holder, row.get<int>(3)});
        }
      }
    }
    return held;
  });
}

}  // namespace spider_check
