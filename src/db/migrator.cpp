#include "db/migrator.hpp"

#include <memory>

#include "db/lock_key.hpp"
#include "db/look.hpp"
#include "db/migrations.hpp"

namespace spider_check::db {

namespace {

void create_record(soci::session& sql) {
  sql << "CREATE TABLE IF NOT EXISTS spider_check_migration ("
         "version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, "
         "applied_at TIMESTAMPTZ NOT NULL DEFAULT now())";
}

/** Empty when it was not applied. */
std::string applied_checksum(soci::session& sql, int version) {
  std::string checksum;
  sql << "SELECT coalesce(max(checksum), '') FROM spider_check_migration WHERE version = :version",
      soci::use(version), soci::into(checksum);
  return checksum;
}

void refuse_newer(soci::session& sql) {
  int version = 0;
  sql << "SELECT coalesce(max(version), 0) FROM spider_check_migration", soci::into(version);
  if (version > needed_version()) require_version(version);
}

void refuse_encoding(soci::session& sql) {
  std::string encoding;
  sql << "SELECT current_setting('server_encoding')", soci::into(encoding);
  const auto obstacle = obstacle_of_encoding(encoding);
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
  throw DbError(lost ? DbError::Kind::connection : DbError::Kind::statement,
                "migration " + std::to_string(migration.version) + " (" +
                    std::string(migration.name) +
                    ") failed: " + (primary != nullptr ? primary : "the connection was lost"));
}

bool apply(soci::session& sql, const Migration& migration, const Schema& schema) {
  soci::transaction transaction(sql);
  // On a big table a migration may take minutes, and so may waiting for somebody else's.
  sql << "SET LOCAL statement_timeout = 0";
  const auto key = migration_key(schema.oid);
  // Whoever comes second waits here and then finds it applied.
  sql << "SELECT pg_advisory_xact_lock(:class, :key)", soci::use(lock_class), soci::use(key);
  create_record(sql);
  refuse_newer(sql);
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
  sql << "INSERT INTO spider_check_migration (version, name, checksum) VALUES (:v, :n, :c)",
      soci::use(migration.version), soci::use(name), soci::use(own_checksum);
  transaction.commit();
  return true;
}

}  // namespace

int needed_version() noexcept {
  return migrations().back().version;
}

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

int schema_version(Session& session) {
  return session.run([](soci::session& sql) {
    int there = 0;
    sql << "SELECT (to_regclass('spider_check_migration') IS NOT NULL)::int", soci::into(there);
    int version = 0;
    if (there != 0) {
      sql << "SELECT coalesce(max(version), 0) FROM spider_check_migration", soci::into(version);
    }
    return version;
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

std::vector<std::string> migrate(Session& session) {
  const auto schema = session.schema();
  if (schema.name.empty()) throw DbError(DbError::Kind::refused, no_schema);
  return session.run_unlimited([&](soci::session& sql) {
    std::vector<std::string> applied;
    for (const auto& migration : migrations()) {
      if (apply(sql, migration, schema)) applied.emplace_back(migration.name);
    }
    return applied;
  });
}

}  // namespace spider_check::db
