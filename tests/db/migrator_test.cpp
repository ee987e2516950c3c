#include "db/migrator.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "db/inspection.hpp"
#include "util/errors.hpp"
#include "world.hpp"

namespace spider_check::test {

namespace {

using Names = std::vector<std::string>;

/** What an earlier installation made: these columns, and nothing else. */
constexpr const char* old_table =
    "CREATE TABLE scheduler_state (id SERIAL PRIMARY KEY, last_run_at TIMESTAMPTZ NOT NULL, "
    "spider_count INTEGER NOT NULL DEFAULT 0, status VARCHAR(50) NOT NULL DEFAULT 'completed', "
    "created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP, "
    "updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP); "
    "CREATE INDEX idx_last_run ON scheduler_state (last_run_at DESC)";

struct World {
  TestDatabase database;
  Client client{database, owner(1)};
};

/** Of the migrations that the program has, those after so many. */
Names names_after(std::size_t count) {
  Names names;
  for (const auto& migration : migrations().subspan(count)) names.emplace_back(migration.name);
  return names;
}

DbError::Kind kind_of_failure(World& world) {
  try {
    (void)migrate(world.client.session);
  } catch (const DbError& error) {
    return error.kind();
  }
  FAIL("nothing was refused");
  return DbError::Kind::statement;
}

}  // namespace

TEST_CASE("a fresh database gets every migration once") {
  World world;
  CHECK(schema_version(world.client.session) == 0);
  CHECK(migrate(world.client.session) == names_after(0));
  CHECK(schema_version(world.client.session) == needed_version());
  CHECK(migrate(world.client.session).empty());
}

TEST_CASE("an earlier table is adopted with its rows, its index and its INSERT") {
  World world;
  world.database.sql(old_table);
  world.database.sql(
      "INSERT INTO scheduler_state (last_run_at, spider_count, status) VALUES "
      "(now() - interval '9 h', 3, 'running'), (now() - interval '2 h', 3, 'completed')");
  (void)migrate(world.client.session);
  CHECK(world.database.sql("SELECT count(*) FROM scheduler_state") == "2");
  CHECK(world.client.store.latest_success().newest_success.has_value());
  CHECK(world.database.sql("SELECT count(*) FROM pg_indexes WHERE tablename = 'scheduler_state' "
                           "AND indexdef LIKE '%(last_run_at DESC)'") == "1");
  world.database.sql(
      "INSERT INTO scheduler_state (last_run_at, spider_count, status, updated_at) "
      "VALUES (now(), 3, 'completed', now())");
  const auto latest_success = world.client.store.latest_success();
  CHECK(latest_success.now - *latest_success.newest_success < std::chrono::minutes(1));
}

TEST_CASE("a table of that name with other columns is refused and left alone") {
  World world;
  world.database.sql("CREATE TABLE scheduler_state (id SERIAL, last_run_at TIMESTAMP)");
  try {
    (void)migrate(world.client.session);
    FAIL("nothing was refused");
  } catch (const DbError& error) {
    CHECK(std::string(error.what())
              .find("its column last_run_at is timestamp without time zone, "
                    "not timestamp with time zone") != std::string::npos);
  }
  CHECK(world.database.sql("SELECT count(*) FROM information_schema.tables "
                           "WHERE table_name IN ('spider_run', 'spider_check_migration')") == "0");
}

TEST_CASE("a migration that was edited after it was applied is refused") {
  World world;
  (void)migrate(world.client.session);
  world.database.sql("UPDATE spider_check_migration SET checksum = 'x' WHERE version = 1");
  CHECK(kind_of_failure(world) == DbError::Kind::refused);
}

TEST_CASE("a database newer than the program is refused") {
  World world;
  (void)migrate(world.client.session);
  world.database.sql(
      "INSERT INTO spider_check_migration (version, name, checksum) "
      "VALUES (9999, 'future', 'x')");
  CHECK(kind_of_failure(world) == DbError::Kind::refused);
  CHECK_THROWS_AS((void)world.client.store.state(), DbError);
}

TEST_CASE("a migration that fails leaves nothing, nor do those before it") {
  World world;
  // The second one needs this name for a table of its own.
  world.database.sql("CREATE TABLE spider_run (x int)");
  CHECK(kind_of_failure(world) == DbError::Kind::statement);
  CHECK(schema_version(world.client.session) == 0);
  CHECK(world.database.sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'scheduler_state%' "
                           "OR relname LIKE 'spider_check%'") == "0");
  world.database.sql("DROP TABLE spider_run");
  CHECK(migrate(world.client.session) == names_after(0));
}

TEST_CASE("a database that was never migrated says what to type") {
  World world;
  try {
    (void)world.client.store.latest_success();
    FAIL("nothing was refused");
  } catch (const DbError& error) {
    CHECK(error.kind() == DbError::Kind::not_migrated);
    CHECK(std::string(error.what()) ==
          "the database is not prepared for spider-check; type: spider-check migrate");
  }
}

TEST_CASE("a status that is none of the three is refused from now on") {
  World world;
  (void)migrate(world.client.session);
  CHECK_THROWS(world.database.sql(
      "INSERT INTO scheduler_state (last_run_at, status) VALUES (now(), 'paused')"));
}

TEST_CASE("a migration says who uses the tables, and goes on once they are free") {
  World world;
  world.database.sql(old_table);
  Client other(world.database, owner(2));
  other.session.run([](soci::session& sql) {
    sql << "BEGIN";
    sql << "LOCK TABLE scheduler_state";
  });
  std::string user;
  const auto applied = migrate(world.client.session, [&](const std::string& who) {
    user = who;
    other.session.disconnect();
  });
  CHECK(applied == names_after(0));
  CHECK(user.find("spider-check 2@laptop") != std::string::npos);
}

TEST_CASE("a database says what it is, what is missing and who may interfere") {
  World world;
  CHECK(inspect_database(world.client.session).schema_version == 0);
  (void)migrate(world.client.session);
  const auto facts = inspect_database(world.client.session);
  CHECK(facts.schema_version == needed_version());
  CHECK(facts.obstacle.empty());
  CHECK(facts.warnings.empty());
  CHECK(facts.database == world.client.store.database().name);
  CHECK(hidden_rows(world.client.session).empty());
  world.database.sql("GRANT CREATE ON SCHEMA public TO PUBLIC");
  CHECK(inspect_database(world.client.session).warnings.size() == 1);
}

}  // namespace spider_check::test
