// What only PostgreSQL can show of how old runs go: plans, locks, several schedules, rows of
// earlier programs.

#include "db/run_retention.hpp"

#include <string>

#include <doctest/doctest.h>

#include "db/migrator.hpp"
#include "util/errors.hpp"
#include "world.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

constexpr Duration day = 24h;

struct World {
  World() { (void)migrate(client.session); }

  /** Completed runs, one an hour, the youngest so many days ago, each of two spiders. */
  void add_runs(int count, int days, const std::string& schedule = "default",
                bool partial = false) const {
    database.sql(
        "WITH runs AS (INSERT INTO scheduler_state (last_run_at, updated_at, schedule, "
        "spider_count, partial) SELECT at, at, '" +
        schedule + "', 2, " + (partial ? "true" : "false") + " FROM (SELECT now() - interval '" +
        std::to_string(days) + " days' - n * interval '1 hour' AS at FROM generate_series(" +
        std::to_string(count) +
        ", 1, -1) n) AS times RETURNING id, last_run_at) "
        "INSERT INTO spider_run (run_id, spider, attempt, started_at, finished_at, "
        "status, verdict) SELECT id, spider, 1, last_run_at, last_run_at, 'completed', "
        "'ok' FROM runs, unnest(ARRAY['a', 'b']) AS spider");
  }

  [[nodiscard]] std::string count(const std::string& condition) const {
    return database.sql("SELECT count(*) FROM scheduler_state WHERE " + condition);
  }

  PruneStep step(Duration age, int most = 500) {
    PruneStep step;
    step.age = age;
    step.most = most;
    step.mark = client.store.newest_run_before(age);
    return step;
  }

  Pruned prune(Duration age, int most = 500) {
    Pruned all;
    for (auto walk = step(age, most); !walk.done;) {
      const auto some = client.store.prune(walk);
      all.runs += some.runs;
      all.attempts += some.attempts;
    }
    return all;
  }

  /** Of both tables, in this session and not yet told to the others. */
  long long of_this_session(const std::string& what) {
    return client.session.run([&](soci::session& sql) {
      long long number = 0;
      sql << "SELECT sum(" << what << ")::bigint FROM pg_stat_xact_user_tables "
          << "WHERE relname IN ('scheduler_state', 'spider_run')",
          soci::into(number);
      return number;
    });
  }

  TestDatabase database;
  Client client{database, owner(1)};
};

}  // namespace

TEST_CASE("a step goes by index, foreign keys too, and reads no more than it needs") {
  World world;
  world.add_runs(50'000, 100);
  world.add_runs(500, 60);
  world.add_runs(20'000, 100, "default", true);
  world.add_runs(20'000, 100, "other", true);
  world.database.sql("ANALYZE scheduler_state, spider_run");
  for (const bool by_hand : {false, true}) {
    for (const bool dry_run : {false, true}) {
      CAPTURE(by_hand);
      CAPTURE(dry_run);
      auto step = world.step(90 * day, 100);
      step.by_hand = by_hand;
      step.dry_run = dry_run;
      // In one transaction, so that its numbers stay with this session.
      world.client.session.run([](soci::session& sql) { sql << "BEGIN"; });
      const auto scans = world.of_this_session("seq_scan");
      const auto fetched = world.of_this_session("idx_tup_fetch");
      for (int i = 0; i < 2; ++i) {
        const auto pruned = world.client.store.prune(step);
        CHECK(pruned.runs == 100);
        CHECK(pruned.attempts == 200);
      }
      CHECK(world.of_this_session("seq_scan") == scans);
      CHECK(world.of_this_session("idx_tup_fetch") - fetched < 10'000);
      world.client.session.run([](soci::session& sql) { sql << "COMMIT"; });
    }
  }
}

TEST_CASE("what the next logs are measured by is found by index, too") {
  World world;
  world.add_runs(50'000, 100);
  world.add_runs(500, 60);
  world.database.sql("ANALYZE scheduler_state, spider_run");
  world.client.session.run([](soci::session& sql) { sql << "BEGIN"; });
  const auto scans = world.of_this_session("seq_scan");
  CHECK(world.client.store.newest_run_before(90 * day) == 50'000);
  CHECK(world.of_this_session("seq_scan") == scans);
  CHECK(world.of_this_session("idx_tup_fetch") < 2000);
  world.client.session.run([](soci::session& sql) { sql << "COMMIT"; });
}

TEST_CASE("other schedules keep everything") {
  World world;
  world.add_runs(5, 100);
  world.add_runs(5, 100, "other");
  world.add_runs(5, 1);
  CHECK(world.prune(90 * day).runs == 4);
  CHECK(world.count("schedule = 'other'") == "5");
  CHECK(world.database.sql("SELECT count(*) FROM spider_run") == "22");
}

TEST_CASE("a newer run of a spider in another schedule does not count here") {
  World world;
  world.add_runs(3, 100);
  world.add_runs(3, 1, "other");
  // One more old one, which is the mark, and two young ones; of no spiders.
  world.database.sql(
      "INSERT INTO scheduler_state (last_run_at, spider_count) SELECT now() - days * interval "
      "'1 day', 1 FROM unnest(ARRAY[95, 1, 0]) AS days");
  CHECK(world.prune(90 * day).runs == 2);
  CHECK(world.database.sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM scheduler_state "
                           "WHERE schedule = 'default'") == "3 7 8 9");
}

TEST_CASE("rows of an earlier program go, but never its newest success") {
  World world;
  // Two rows a run, and at first the marker of its installation.
  world.database.sql(
      "INSERT INTO scheduler_state (last_run_at, spider_count, status, updated_at) VALUES "
      "(now() - interval '201 days', 0, 'completed', now() - interval '201 days'), "
      "(now() - interval '200 days', 3, 'running', now() - interval '200 days'), "
      "(now() - interval '199 days', 3, 'completed', now() - interval '199 days'), "
      "(now() - interval '150 days', 3, 'running', now() - interval '150 days'), "
      "(now() - interval '149 days', 3, 'failed', now() - interval '149 days'), "
      "(now() - interval '1 day', 3, 'running', now() - interval '1 day'), "
      "(now() - interval '1 day', 3, 'failed', now() - interval '1 day')");
  const auto before = world.client.store.latest_success().newest_success;
  CHECK(world.prune(90 * day).runs == 3);
  CHECK(world.database.sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM scheduler_state") ==
        "3 5 6 7");
  CHECK(world.client.store.latest_success().newest_success == before);
}

TEST_CASE("nobody is waited for: a row that somebody is writing to stays until the next time") {
  World world;
  world.add_runs(5, 100);
  world.add_runs(1, 1);
  Client other(world.database, owner(2));
  other.session.run([](soci::session& sql) {
    sql << "BEGIN";
    sql << "UPDATE scheduler_state SET failure = 'x' WHERE id = 2";
  });
  CHECK(world.prune(90 * day).runs == 3);
  other.session.run([](soci::session& sql) { sql << "COMMIT"; });
  CHECK(world.prune(90 * day).runs == 1);
}

TEST_CASE("of runs with many attempts a step takes fewer, and at least one") {
  World world;
  world.add_runs(6, 100);
  world.add_runs(1, 1);
  world.database.sql("UPDATE scheduler_state SET spider_count = 2000, attempt = 3 WHERE id < 6");
  world.database.sql("UPDATE scheduler_state SET spider_count = 20000 WHERE id IN (3, 4)");
  auto step = world.step(90 * day);
  std::string sizes;
  while (!step.done) {
    const auto runs = world.client.store.prune(step).runs;
    if (runs > 0) sizes += std::to_string(runs) + " ";
  }
  CHECK(sizes == "2 1 1 1 ");
}

TEST_CASE("runs of the future stay, and keep nothing else") {
  World world;
  world.add_runs(2, 100);
  world.add_runs(1, 1);
  world.add_runs(1, -1);
  CHECK(world.prune(90 * day).runs == 1);
  CHECK(world.client.store.latest_success().newest_success.has_value());
}

}  // namespace spider_check::test
