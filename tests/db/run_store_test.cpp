// What only PostgreSQL can show of the run store: rows of earlier programs, several schedules,
// plans.

#include <string>

#include <doctest/doctest.h>
#include <poll.h>

#include "db/migrator.hpp"
#include "db/pg_run_store.hpp"
#include "outbox/journal.hpp"
#include "util/errors.hpp"
#include "world.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

struct World {
  World() { (void)migrate(client.session); }

  /** A row as an earlier program wrote it. */
  void insert(const std::string& ago, const std::string& status, int spiders = 3) const {
    database.sql(
        "INSERT INTO scheduler_state (last_run_at, spider_count, status, updated_at) "
        "VALUES (now() - interval '" +
        ago + "', " + std::to_string(spiders) + ", '" + status + "', now() - interval '" + ago +
        "')");
  }

  TestDatabase database;
  Client client{database, owner(1)};
};

}  // namespace

TEST_CASE("the marker of an installation is neither success nor run") {
  World world;
  world.insert("5 hours", "completed", 0);
  const auto state = world.client.store.state();
  CHECK_FALSE(state.newest_success.has_value());
  CHECK_FALSE(state.last.has_value());
}

TEST_CASE("a running row with a newer row is history") {
  World world;
  world.insert("2 hours", "running");
  world.insert("1 hour", "completed");
  const auto state = world.client.store.state();
  CHECK(state.last->status == RunStatus::completed);
}

TEST_CASE("two rows of one instant: the one that was written later counts") {
  World world;
  world.database.sql(
      "INSERT INTO scheduler_state (last_run_at, spider_count, status) VALUES "
      "(now(), 3, 'running'), (now(), 3, 'completed')");
  CHECK(world.client.store.state().last->status == RunStatus::completed);
}

TEST_CASE("a row of an earlier program has no owner, and its first attempt was its only one") {
  World world;
  world.insert("1 hour", "failed");
  const auto last = *world.client.store.state().last;
  CHECK(last.owner == Owner{});
  CHECK(last.attempt == 1);
  CHECK_FALSE(last.next_attempt.has_value());
}

TEST_CASE("rows of the future count for nothing and are counted") {
  World world;
  world.insert("-1 hour", "completed");
  world.insert("-1 day", "running");
  const auto state = world.client.store.state();
  CHECK_FALSE(state.newest_success.has_value());
  CHECK_FALSE(state.last.has_value());
  CHECK(state.future_runs == 2);
}

TEST_CASE("schedules share a table and nothing else") {
  World world;
  Client other(world.database, owner(2), 1, "it's another; --");
  const auto lock = world.client.store.try_lock();
  const auto others = other.store.try_lock();
  REQUIRE(others);
  auto ours = start(other.store, *others);
  count(other.store, ours, 1, 2min);
  finish(other.store, ours, {RunStatus::completed, {}, {}, {}});
  CHECK(other.store.latest_success().newest_success.has_value());
  CHECK_FALSE(world.client.store.latest_success().newest_success.has_value());
}

TEST_CASE("lateness and missed intervals are recorded") {
  World world;
  const auto lock = world.client.store.try_lock();
  NewRun run;
  run.late = 4h + 30min + 5us;
  run.missed_intervals = 1;
  (void)start(world.client.store, *lock, run);
  CHECK(world.database.sql("SELECT lateness = interval '4:30:00.000005' AND missed_intervals = 1 "
                           "AND trigger = 'tick' FROM scheduler_state") == "t");
}

TEST_CASE("the run's session is set up to be noticed when its host vanishes") {
  World world;
  const auto lock = world.client.store.try_lock();
  const auto setting = world.client.session.run([](soci::session& sql) {
    std::string value;
    sql << "SELECT current_setting('idle_session_timeout')", soci::into(value);
    return value;
  });
  CHECK(setting == "0");
}

TEST_CASE("the newest success is one index probe among many failures") {
  World world;
  world.database.sql(
      "INSERT INTO scheduler_state (last_run_at, spider_count, status) "
      "SELECT now() - interval '1 day' - n * interval '1 minute', 3, 'completed' "
      "FROM generate_series(1, 20000) n");
  world.database.sql(
      "INSERT INTO scheduler_state (last_run_at, spider_count, status) "
      "SELECT now() - n * interval '1 second', 3, 'failed' "
      "FROM generate_series(1, 20000) n");
  world.database.sql("ANALYZE scheduler_state");
  const auto plan = world.database.sql(
      "EXPLAIN (FORMAT JSON) SELECT last_run_at FROM scheduler_state "
      "WHERE (schedule, last_run_at) <= ('default', now()) AND status = 'completed' "
      "AND NOT partial AND spider_count > 0 ORDER BY schedule DESC, last_run_at DESC LIMIT 1");
  CHECK(plan.find("scheduler_state_success") != std::string::npos);
  CHECK(plan.find("Seq Scan") == std::string::npos);
  CHECK(plan.find("Sort") == std::string::npos);
}

TEST_CASE("everything that is known of a crawl is recorded") {
  World world;
  const auto lock = world.client.store.try_lock();
  auto ours = start(world.client.store, *lock);
  auto crawl = outcome("a", Exited{0});
  crawl.crawl.emplace();
  auto& report = *crawl.crawl;
  report.source = CrawlSource::log;
  report.finish_reason = "finished";
  report.progress = {12, 34, 5};
  report.fields = {{"ti\"tle", 12}};
  report.faults = {{"/x.py:3", "ValueError: \xff bad" + std::string(1, '\0'), 7}};
  report.stats = R"({"a/b": 1.5})";
  crawl.judgement.reasons = {"a \\ {reason}, \"quoted\"", "another"};
  add(world.client.store, ours, {crawl});
  finish(world.client.store, ours, {RunStatus::failed, "why", {"fault, \"one\"", "two"}, {}});
  const auto holds = [&](const std::string& condition) {
    return world.database.sql("SELECT " + condition + " FROM spider_run") == "t";
  };
  CHECK(holds("items = 12 AND pages = 34 AND errors = 5 AND finish_reason = 'finished'"));
  CHECK(holds("stats->>'a/b' = '1.5' AND field_counts->>'ti\"tle' = '12'"));
  CHECK(holds("faults->0->>'place' = '/x.py:3' AND faults->0->>'count' = '7'"));
  CHECK(holds("faults->0->>'text' LIKE 'ValueError: _ bad?'"));
  CHECK(holds("reasons = ARRAY['a \\ {reason}, \"quoted\"', 'another']"));
  CHECK(world.database.sql("SELECT faults = ARRAY['fault, \"one\"', 'two'] "
                           "FROM scheduler_state") == "t");
}

TEST_CASE("a lock that a process of the same name and pid took elsewhere is another's") {
  World world;
  const auto lock = world.client.store.try_lock();
  const auto attempt = start(world.client.store, *lock);
  world.database.sql(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
      "WHERE application_name LIKE 'spider-check %'");
  auto elsewhere = owner(1);
  elsewhere.boot_id = "another boot";
  Client twin(world.database, elsewhere);
  const auto taken = twin.store.try_lock();
  REQUIRE(taken);
  CHECK(twin.store.mark_interrupted(*twin.store.state().last, "interrupted"));
  (void)retry(twin.store, *twin.store.state().last, *taken);
  CHECK_THROWS_AS((void)reclaim(world.client.store, attempt, *lock), LostRun);
}

TEST_CASE("why the server ended a connection that nothing was asked on is told in its words") {
  World world;
  const auto lock = world.client.store.try_lock();
  world.database.sql(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
      "WHERE application_name LIKE 'spider-check %'");
  try {
    for (;;) world.client.store.watch();
  } catch (const DbError& error) {
    CHECK(error.kind() == DbError::Kind::connection);
    CHECK(std::string(error.what()).find("administrator command") != std::string::npos);
  }
}

TEST_CASE("a notice on a connection that nothing is asked on does no harm") {
  World world;
  const auto lock = world.client.store.try_lock();
  auto ours = start(world.client.store, *lock);
  world.client.session.run([](soci::session& sql) { sql.once << "LISTEN something"; });
  for (int i = 0; i < 3; ++i) {
    world.database.sql("NOTIFY something, 'and what it is'");
    pollfd fd{world.client.store.poll_request().fd, POLLIN, 0};
    REQUIRE(::poll(&fd, 1, 20'000) == 1);
    CHECK_NOTHROW(world.client.store.watch());
    // It was taken: nobody spins.
    CHECK(::poll(&fd, 1, 0) == 0);
  }
  add(world.client.store, ours, {outcome("a", Exited{0})});
}

TEST_CASE("a write that the server refuses leaves the connection to the next") {
  World world;
  const auto lock = world.client.store.try_lock();
  auto ours = start(world.client.store, *lock);
  world.database.sql("ALTER TABLE spider_run ADD CHECK (spider <> 'bad')");
  CHECK_THROWS_AS(add(world.client.store, ours, {outcome("bad", Exited{0})}), DbError);
  CHECK_NOTHROW(world.client.store.watch());
  add(world.client.store, ours, {outcome("good", Exited{0})});
  CHECK(world.client.store.succeeded(ours.claim.id) == std::vector<std::string>{"good"});
}

TEST_CASE("an outcome that a frozen server recorded late has its own time once it is sent again") {
  World world;
  const auto lock = world.client.store.try_lock();
  const auto ours = start(world.client.store, *lock);
  const auto finished = [&] {
    return world.database.sql(
        "SELECT round(extract(epoch FROM now() - finished_at) / 60) FROM spider_run");
  };
  add(world.client.store, ours, {outcome("a", Exited{0})});
  CHECK(finished() == "0");
  add(world.client.store, ours, {outcome("a", Exited{0})}, 10min);
  CHECK(finished() == "10");
  add(world.client.store, ours, {outcome("a", Exited{0})}, 5min);
  CHECK(finished() == "10");
}

TEST_CASE("what writes is prepared once for each connection") {
  World world;
  const auto lock = world.client.store.try_lock();
  const auto prepared = [&] {
    int count = 0;
    world.client.session.run([&](soci::session& sql) {
      sql << "SELECT count(*)::int FROM pg_prepared_statements WHERE name = 'write'",
          soci::into(count);
    });
    return count;
  };
  world.database.sql("ALTER TABLE spider_run RENAME TO away");
  CHECK_THROWS_AS((void)start(world.client.store, *lock), DbError);
  CHECK(prepared() == 0);
  world.database.sql("ALTER TABLE away RENAME TO spider_run");
  const auto ours = start(world.client.store, *lock);
  const auto write = [&](const char* spider) {
    add(world.client.store, ours, {outcome(spider, Exited{0})});
  };
  for (const auto* spider : {"a", "b"}) {
    CHECK_NOTHROW(write(spider));
    CHECK(prepared() == 1);
  }
  world.client.store.drop_connection();
  CHECK_NOTHROW(write("c"));
  CHECK(prepared() == 1);
  CHECK(world.client.store.succeeded(ours.claim.id) == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("a connection that is gone is told when the write is, or at the answer") {
  World world;
  const auto lock = world.client.store.try_lock();
  auto ours = start(world.client.store, *lock);
  world.database.sql(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
      "WHERE application_name LIKE 'spider-check %'");
  try {
    add(world.client.store, ours, {outcome("a", Exited{0})});
    FAIL("nothing was thrown");
  } catch (const DbError& error) {
    CHECK(error.kind() == DbError::Kind::connection);
  }
}

}  // namespace spider_check::test
