#include "db/row_count.hpp"

#include <chrono>

#include <doctest/doctest.h>

#include "world.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

constexpr const char* name = "spider-check 1@test";

RowCount count(const TestDatabase& database, const std::string& sql) {
  return count_rows({sql, database.options()}, name);
}

struct World {
  World() {
    database.sql(
        "CREATE TABLE jobs (id integer, pay numeric); INSERT INTO jobs VALUES (1, 2.5), (2, NULL);"
        "CREATE FUNCTION add_job() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO jobs VALUES (3); RETURN 1; END $$");
  }

  [[nodiscard]] std::string jobs() const { return database.sql("SELECT count(*) FROM jobs"); }

  TestDatabase database;
};

}  // namespace

TEST_CASE("one whole number of any type is the number of rows") {
  const World world;
  const std::pair<const char*, std::int64_t> rows[] = {
      {"SELECT count(*) FROM jobs", 2},
      {"SELECT 7::smallint;", 7},
      {"select 7 -- as psql takes it", 7},
      {"SELECT 9000000000", 9'000'000'000},
      {"SELECT 240.00", 240},
      {"SELECT -3", -3},
      {"WITH a AS (SELECT 5 AS b) SELECT b FROM a WHERE '12:30' = ':b' OR true", 5},
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    const auto counted = count(world.database, row.first);
    CHECK(counted.rows == row.second);
    CHECK(counted.fault.empty());
  }
}

TEST_CASE("an answer that is no number is refused in words") {
  const World world;
  const std::pair<const char*, const char*> rows[] = {
      {"SELECT id FROM jobs", "check_sql gives 2 rows, wants one number"},
      {"SELECT g FROM generate_series(1, 1000000) AS g",
       "check_sql gives 100 rows or more, wants one number"},
      {"SELECT id FROM jobs WHERE id > 7", "check_sql gives no row, wants one number"},
      {"SELECT count(*), 1 FROM jobs", "check_sql gives 2 columns, wants one number"},
      {"SELECT pay FROM jobs WHERE id = 2", "check_sql gives NULL, wants one number"},
      {"SELECT pay FROM jobs WHERE id = 1", "check_sql gives 2.5, wants one whole number"},
      {"SELECT 1e30::numeric",
       "check_sql gives 1000000000000000000000000000000, wants one whole number"},
      {"SELECT 'NaN'::numeric", "check_sql gives NaN, wants one whole number"},
      {"SELECT '12'::text", "check_sql gives text, wants one number"},
      {"SELECT 1.0::float8", "check_sql gives double precision, wants one number"},
      {"SELECT true", "check_sql gives boolean, wants one number"},
      {"SELECT count(*) FROM nothing", "check_sql: relation \"nothing\" does not exist"},
      {"SELECT 1/0", "check_sql: division by zero"},
      {"SELECT 1; DROP TABLE jobs",
       "check_sql: cannot insert multiple commands into a prepared statement"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    const auto counted = count(world.database, row.first);
    CHECK_FALSE(counted.rows);
    CHECK(counted.fault == row.second);
    CHECK_FALSE(counted.away);
  }
}

TEST_CASE("nothing can be written, neither by the statement nor by what it calls") {
  const World world;
  CHECK(count(world.database, "SELECT add_job()").fault ==
        "check_sql: cannot execute INSERT in a read-only transaction");
  for (const auto* sql :
       {"INSERT INTO jobs VALUES (4) RETURNING 1", "DELETE FROM jobs",
        "WITH a AS (DELETE FROM jobs RETURNING 1) SELECT count(*) FROM a", "SELECT 1 INTO other",
        "SELECT setval('scheduler_state_id_seq', 1)", "COMMIT",
        "SELECT add_job() FROM set_config('transaction_read_only', 'off', false)"}) {
    CAPTURE(sql);
    CHECK_FALSE(count(world.database, sql).fault.empty());
  }
  CHECK(world.jobs() == "2");
}

TEST_CASE("a statement that takes too long is ended, and another one is asked anew") {
  const World world;
  auto options = world.database.options();
  options.statement_timeout = 100ms;
  CHECK(count_rows({"SELECT count(*) FROM pg_sleep(60)", options}, name).fault ==
        "check_sql: canceling statement due to statement timeout");
  CHECK(count_rows({"SELECT 1", options}, name).rows == 1);
}

TEST_CASE("a database that is away is no fault of the statement") {
  const World world;
  auto options = world.database.options();
  options.parameters["host"] = "/nowhere";
  options.parameters["password"] = "s3cret";
  const auto counted = count_rows({"SELECT 1", options}, name);
  CHECK(counted.away);
  CHECK_FALSE(counted.rows);
  CHECK(counted.fault.starts_with("check_sql could not be asked: "));
  CHECK(counted.fault.find("s3cret") == std::string::npos);
  const auto cut = count(world.database, "SELECT pg_terminate_backend(pg_backend_pid())::int");
  CHECK(cut.away);
  CHECK(cut.fault.find("terminating connection") != std::string::npos);
}

TEST_CASE("tables are found by the role's own search_path") {
  const World world;
  world.database.sql(
      "CREATE SCHEMA shop; CREATE TABLE shop.books (); "
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = shop, public', "
      "current_database()); END $$");
  CHECK(count(world.database, "SELECT count(*) FROM books").rows == 0);
  CHECK(count(world.database, "SELECT count(*) FROM jobs").rows == 2);
}

}  // namespace spider_check::test
