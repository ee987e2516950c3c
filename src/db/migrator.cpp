#include "db/migrator.hpp"

#include <algorithm>
#include <memory>
#include <thread>

#include "db/inspection.hpp"
#include "db/refusal.hpp"
#include "db/slot_lock.hpp"
#include "db/values.hpp"
#include "util/errors.hpp"

namespace spider_check {

namespace {

[[noreturn]] void refuse(const std::string& why, const std::string& sql) {
  throw DbError(DbError::Kind::statement,
                "the existing table scheduler_state cannot be adopted: " + why + "; type: " + sql);
}

/** kind: pg_class.relkind. */
void require_plain(const std::string& kind) {
  if (kind == "r") return;
  const std::string what = kind == "p"   ? "it is partitioned"
                           : kind == "f" ? "it is a foreign table"
                                         : "it is a view";
  refuse(what,
         "ALTER TABLE scheduler_state RENAME TO scheduler_state_before, and migrate makes a "
         "new one");
}

/** One of the columns that such a table has. */
struct Column {
  std::string name;
  std::string wanted;
  std::string found;  ///< its type; empty when it is missing
  bool may_be_null = false;
};

std::vector<Column> columns(soci::session& sql) {
  const soci::rowset<soci::row> rows =
      (sql.prepare << R"sql(SELECT name, type, coalesce(format_type(atttypid, atttypmod), ''),
          (NOT coalesce(attnotnull, true))::int
        FROM (VALUES (1, 'id', 'integer'), (2, 'last_run_at', 'timestamp with time zone'),
            (3, 'spider_count', 'integer'), (4, 'status', 'character varying(50)'),
            (5, 'created_at', 'timestamp with time zone'),
            (6, 'updated_at', 'timestamp with time zone')) AS wanted (place, name, type)
          LEFT JOIN pg_attribute ON attrelid = to_regclass('scheduler_state')
            AND attname = name AND NOT attisdropped
        ORDER BY place)sql");
  std::vector<Column> columns;
  for (const auto& row : rows) {
    columns.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2),
                       row.get<int>(3) != 0});
  }
  return columns;
}

void require_types(const std::vector<Column>& columns) {
  for (const auto& [name, wanted, found, may_be_null] : columns) {
    if (found == wanted) continue;
    const std::string alter = "ALTER TABLE scheduler_state ";
    if (found.empty())
      refuse("its column " + name + " is missing", alter + "RENAME TO scheduler_state_before");
    refuse("its column " + name + " is " + found + ", not " + wanted,
           alter + "ALTER COLUMN " + name + " TYPE " + wanted);
  }
}

/** What becomes of the rows in which it is NULL. */
std::string fill(const std::string& column) {
  const auto* value = column == "spider_count"    ? "0"
                      : column == "status"        ? "'failed'"
                      : column.ends_with("ed_at") ? "last_run_at"
                                                  : nullptr;
  return (value == nullptr ? "DELETE FROM scheduler_state"
                           : "UPDATE scheduler_state SET " + column + " = " + value) +
         " WHERE " + column + " IS NULL; ";
}

void require_values(const std::vector<Column>& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) {
    if (column.may_be_null) names.push_back(column.name);
  }
  if (names.empty()) return;
  refuse("NULL may stand in " + join(names, ", "), join(names, "; ", [](const auto& name) {
           return fill(name) + "ALTER TABLE scheduler_state ALTER COLUMN " + name + " SET NOT NULL";
         }));
}

/** Outcomes refer to it. */
void require_key(soci::session& sql) {
  int unique = 0;
  int other = 0;
  sql << R"sql(SELECT count(*) FILTER (WHERE indisunique AND indisvalid AND indimmediate
          AND indpred IS NULL AND indexprs IS NULL AND indnkeyatts = 1 AND attname = 'id')::int,
        count(*) FILTER (WHERE indisprimary)::int
      FROM pg_index LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
      WHERE indrelid = to_regclass('scheduler_state'))sql",
      soci::into(unique), soci::into(other);
  if (unique > 0) return;
  refuse(other > 0 ? "its id is not unique" : "it has no primary key",
         std::string("ALTER TABLE scheduler_state ADD ") + (other > 0 ? "UNIQUE" : "PRIMARY KEY") +
             " (id)");
}

/** Our rows name neither the id nor what others added. */
void require_defaults(soci::session& sql) {
  const auto name = ask<std::string>(sql, R"sql(SELECT coalesce(min(attname::text), '')
      FROM pg_attribute
      WHERE attrelid = to_regclass('scheduler_state') AND attnum > 0 AND NOT attisdropped
        AND attnotnull AND NOT atthasdef AND attidentity = ''
        AND attname NOT IN ('last_run_at', 'spider_count', 'status', 'created_at',
          'updated_at'))sql");
  if (name.empty()) return;
  const auto column = "ALTER TABLE scheduler_state ALTER COLUMN " + identifier(name);
  if (name != "id") refuse("its column " + name + " must be given", column + " DROP NOT NULL");
  refuse(
      "its id has no default",
      "CREATE SEQUENCE scheduler_state_id_seq OWNED BY scheduler_state.id; SELECT "
      "setval('scheduler_state_id_seq', (SELECT coalesce(max(id), 0) + 1 FROM scheduler_state)); " +
          column + " SET DEFAULT nextval('scheduler_state_id_seq')");
}

using namespace std::chrono_literals;

/**
 * Checks a table scheduler_state from before the first migration. Throws DbError with what to type
 * where migrations or runs would be refused, or it may hold NULL; soci_error.
 */
void require_adoptable(soci::session& sql) {
  const auto kind = ask<std::string>(sql, R"sql(SELECT coalesce(max(relkind::text), '')
      FROM pg_class
      WHERE oid = to_regclass('scheduler_state'))sql");
  if (kind.empty()) return;
  require_plain(kind);
  const auto found = columns(sql);
  require_types(found);
  require_values(found);
  require_key(sql);
  require_defaults(sql);
}

/** Throws DbError for a schema that is older (Kind::not_migrated) or newer (Kind::refused). 0:
 * none. */
void require_version(int version) {
  if (version == needed_version()) return;
  if (version == 0) {
    throw DbError(DbError::Kind::not_migrated,
                  "the database is not prepared for spider-check; type: spider-check migrate");
  }
  const auto schema = "the database's schema is version " + std::to_string(version) +
                      ", this program needs version " + std::to_string(needed_version());
  if (version < needed_version()) {
    throw DbError(DbError::Kind::not_migrated, schema + "; type: spider-check migrate");
  }
  throw DbError(DbError::Kind::refused, schema + "; install the newer spider-check");
}

// With their pauses about a minute.
constexpr int max_tries = 12;

/** Empty when it was not applied. */
std::string applied_checksum(soci::session& sql, int version) {
  return ask<std::string>(sql, R"sql(SELECT coalesce(max(checksum), '')
      FROM spider_check_migration
      WHERE version = :version)sql",
                          version);
}

int newest_version(soci::session& sql) {
  return ask<int>(sql, R"sql(SELECT coalesce(max(version), 0) FROM spider_check_migration)sql");
}

void refuse_encoding(soci::session& sql) {
  const auto obstacle = obstacle_of_encoding(
      ask<std::string>(sql, R"sql(SELECT current_setting('server_encoding'))sql"));
  if (!obstacle.empty()) throw DbError(DbError::Kind::refused, obstacle);
}

void execute(soci::session& sql, const Migration& migration, const Schema& schema) {
  // Not through SOCI's parser, which would take a ':' in a comment for a parameter.
  auto* connection = connection_of(sql);
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(
      PQexec(connection, qualified(migration.sql, schema.name).c_str()), &PQclear);
  if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return;
  const bool lost = PQstatus(connection) == CONNECTION_BAD;
  const char* primary = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
  const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  throw DbError(lost ? DbError::Kind::connection : DbError::Kind::statement,
                "migration " + std::to_string(migration.version) + " (" +
                    std::string(migration.name) +
                    ") failed: " + (primary != nullptr ? primary : "the connection was lost"),
                state != nullptr ? state : "");
}

bool apply(soci::session& sql, const Migration& migration, const Schema& schema) {
  const auto checksum = applied_checksum(sql, migration.version);
  if (checksum == migration.checksum) return false;
  const auto name = std::string(migration.name);
  const auto own_checksum = std::string(migration.checksum);
  if (!checksum.empty()) {
    throw DbError(DbError::Kind::refused,
                  "migration " + std::to_string(migration.version) + " (" + name +
                      ") was applied to this database in another form than this program knows; "
                      "use the program that applied it, or a newer one");
  }
  // Not where our tables are already: what they cannot hold waits in the journal.
  if (migration.version == migrations().front().version) refuse_encoding(sql);
  execute(sql, migration, schema);
  sql << R"sql(INSERT INTO spider_check_migration (version, name, checksum)
      VALUES (:v, :n, :c))sql",
      soci::use(migration.version), soci::use(name), soci::use(own_checksum);
  return true;
}

/** All that is missing, or nothing. */
std::vector<std::string> apply_all(soci::session& sql, const Schema& schema) {
  soci::transaction transaction(sql);
  // On a big table a migration may take minutes.
  sql << R"sql(SET LOCAL statement_timeout = 0)sql";
  // Others who use the tables wait behind this one, so it does not wait for long itself.
  sql << R"sql(SET LOCAL lock_timeout = '1s')sql";
  // A second migration waits here and then finds it applied.
  const auto key = migration_key(schema.oid);
  sql << R"sql(SELECT pg_advisory_xact_lock(:class, :key))sql", soci::use(lock_class),
      soci::use(key);
  sql << R"sql(CREATE TABLE IF NOT EXISTS spider_check_migration (
        version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,
        applied_at TIMESTAMPTZ NOT NULL DEFAULT now()))sql";
  const int version = newest_version(sql);
  if (version > needed_version()) require_version(version);
  if (applied_checksum(sql, 1).empty()) require_adoptable(sql);
  std::vector<std::string> applied;
  for (const auto& migration : migrations()) {
    if (apply(sql, migration, schema)) applied.emplace_back(migration.name);
  }
  transaction.commit();
  return applied;
}

/** Who holds what a migration waits for; empty when it is free again. */
std::string holder(soci::session& sql, const Schema& schema) {
  int pid = 0;
  std::string program;
  std::string user;
  std::string state;
  long long since = 0;
  const auto class_oid = as_oid(lock_class);
  const auto key_oid = as_oid(migration_key(schema.oid));
  sql << R"sql(SELECT a.pid, coalesce(nullif(a.application_name, ''), 'a program without a name'),
        coalesce(a.usename::text, '?'), coalesce(a.state, '?'),
        (extract(epoch FROM now() - coalesce(a.xact_start, a.backend_start)) * 1000000)::bigint
      FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
      WHERE l.granted AND l.pid <> pg_backend_pid()
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (l.relation IN (to_regclass('scheduler_state'), to_regclass('spider_run'),
               to_regclass('spider_check_told'), to_regclass('spider_check_notification'),
               to_regclass('spider_check_migration'))
             OR (l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid::bigint = :class_oid
                 AND l.objid::bigint = :key_oid))
      ORDER BY a.xact_start, a.pid LIMIT 1)sql",
      soci::use(class_oid), soci::use(key_oid), soci::into(pid), soci::into(program),
      soci::into(user), soci::into(state), soci::into(since);
  if (!sql.got_data()) return {};
  return "pid " + std::to_string(pid) + " (" + program + ", user " + user + ", " + state + " for " +
         to_words(Duration(since)) + ")";
}

}  // namespace

int needed_version() noexcept {
  return migrations().back().version;
}

int schema_version(Session& session) {
  return session.run([](soci::session& sql) {
    const auto is_there =
        ask<int>(sql, R"sql(SELECT (to_regclass('spider_check_migration') IS NOT NULL)::int)sql");
    return is_there != 0 ? newest_version(sql) : 0;
  });
}

void require_migrated(Session& session) {
  const int version = schema_version(session);
  if (version == 0 && !session.schema().has_tables) {
    const auto elsewhere = session.run(tables_elsewhere);
    if (!elsewhere.empty()) throw DbError(DbError::Kind::not_migrated, elsewhere);
  }
  require_version(version);
}

std::vector<std::string> migrate(Session& session,
                                 const std::function<void(const std::string&)>& on_wait) {
  const auto schema = session.schema();
  if (schema.name.empty()) throw DbError(DbError::Kind::refused, no_schema);
  Duration pause = 1s;
  for (int tries = 1;; ++tries) {
    try {
      return session.run_unlimited([&](soci::session& sql) { return apply_all(sql, schema); });
    } catch (const DbError& error) {
      if (error.cause() != "55P03") throw;  // waited for a lock: of pg_dump, say
      const auto who = session.run([&](soci::session& sql) { return holder(sql, schema); });
      if (tries == max_tries) {
        throw DbError(DbError::Kind::statement, "nothing was changed: the tables are in use" +
                                                    (who.empty() ? "" : " by " + who) +
                                                    "; migrate when they are not");
      }
      on_wait(who);
    }
    // A lock that is let go is announced only to those that wait for it.
    std::this_thread::sleep_for(pause);
    pause = std::min<Duration>(2 * pause, 5s);
  }
}

std::string migrate(const std::function<std::vector<std::string>()>& apply, Duration wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  while (true) {
    try {
      const auto applied = apply();
      if (applied.empty()) return "The database is up to date\n";
      const auto line = [](const auto& name) { return "Applied migration " + name + "\n"; };
      return join(applied, "", line) + "The database is ready\n";
    } catch (const DbError& error) {
      const bool may_come = error.kind() == DbError::Kind::connection;
      if (!may_come || std::chrono::steady_clock::now() >= deadline) throw;
    }
    // No event announces that a server is up.
    std::this_thread::sleep_for(200ms);
  }
}

}  // namespace spider_check
