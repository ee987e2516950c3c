// Ticks while the database cannot be used, and the first one after that.
#include <doctest/doctest.h>

#include "run/tick.hpp"
#include "support/host.hpp"
#include "util/errors.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

/** A host with a journal, whose database can go away. */
struct World {
  World() {
    host.keep_journal(disk);
    // Each tick is a process of its own, and the one before it is gone.
    host.living.clear();
  }

  /** Time goes on, for the database and for the host. */
  void pass(Duration time) {
    database.now += time;
    host.clock().since_boot += time;
    host.clock().wall += time;
  }

  /** The spiders that a tick runs. */
  Names tick(const Request& request = {}) {
    host.runner.started.clear();
    result = host.tick(request);
    return host.spiders_run();
  }

  /** The process dies while the spider runs. */
  void die_in(const std::string& spider) {
    host.runner.before_each = [spider](const SpiderJob& job) {
      if (job.name == spider) throw std::runtime_error("killed");
    };
    CHECK_THROWS_AS((void)host.tick(), std::runtime_error);
    host.runner.before_each = nullptr;
    disk.kill_writers();
    database.slots.clear();
  }

  FakeDisk disk;
  MemoryDatabase database;
  TestHost host{database};
  Result result;
};

const Names all{"a", "b", "c"};

}  // namespace

TEST_CASE("without the database the spiders run once an interval, not at every tick") {
  World world;
  world.database.down = true;
  CHECK(world.tick() == all);
  CHECK(world.result.code == ExitCode::success);
  for (int i = 0; i < 47; ++i) {
    world.pass(5min);
    CHECK(world.tick().empty());
    CHECK(world.result.code == ExitCode::success);
  }
  world.pass(5min);
  CHECK(world.tick() == all);
}

TEST_CASE("with on_database_error = skip nothing runs, and that is an error") {
  World world;
  world.host.schedule.on_database_error = OnDatabaseError::skip;
  world.database.down = true;
  CHECK_THROWS_AS((void)world.host.tick(), DbError);
  CHECK(world.host.spiders_run().empty());
  CHECK(world.disk.attempts.empty());
}

TEST_CASE("what the database knew of the last success holds back a run without it") {
  World world;
  CHECK(world.tick() == all);
  world.pass(1h);
  world.database.down = true;
  CHECK(world.tick().empty());
  world.pass(3h);
  CHECK(world.tick() == all);
}

TEST_CASE("another host's success is remembered by a tick that skips because of it, once") {
  World world;
  TestHost other(world.database, "other", 1);
  CHECK(other.tick().code == ExitCode::success);
  world.pass(1h);
  CHECK(world.tick().empty());
  const int remembered = world.disk.remembered;
  CHECK(world.tick().empty());
  CHECK(world.disk.remembered == remembered);
  world.database.down = true;
  world.pass(2h);
  CHECK(world.tick().empty());
}

TEST_CASE("with the database back the run is recorded once, when it was, and holds back the next") {
  World world;
  world.database.down = true;
  (void)world.tick();
  const auto started = world.database.now;
  world.pass(1h);
  world.database.down = false;
  CHECK(world.tick().empty());
  REQUIRE(world.database.runs.size() == 1);
  const auto& row = world.database.runs[0];
  CHECK(row.run.status == RunStatus::completed);
  CHECK(row.run.started == started);
  CHECK(row.run.spider_count == 3);
  CHECK(row.outcomes.size() == 3);
  CHECK(world.disk.attempts.empty());
  CHECK(world.tick().empty());
  CHECK(world.database.runs.size() == 1);
}

TEST_CASE("a failed run is retried with backoff, only what failed, and recorded as one run") {
  World world;
  world.database.down = true;
  world.host.runner.ends["b"] = Exited{1};
  CHECK(world.tick() == all);
  CHECK(world.result.code == ExitCode::spider_failed);
  world.pass(14min);
  CHECK(world.tick().empty());
  world.pass(1min);
  world.host.runner.ends.clear();
  CHECK(world.tick() == Names{"b"});
  world.database.down = false;
  CHECK(world.tick().empty());
  REQUIRE(world.database.runs.size() == 1);
  const auto& row = world.database.runs[0];
  CHECK(row.run.status == RunStatus::completed);
  CHECK(row.run.attempt == 2);
  CHECK(row.outcomes.size() == 4);
}

TEST_CASE("a run that failed with the database is retried without it") {
  World world;
  world.host.runner.ends["b"] = Exited{1};
  (void)world.tick();
  world.host.runner.ends.clear();
  world.database.down = true;
  world.pass(10min);
  CHECK(world.tick().empty());
  world.pass(5min);
  CHECK(world.tick() == Names{"b"});
  world.database.down = false;
  world.pass(5min);
  CHECK(world.tick().empty());
  REQUIRE(world.database.runs.size() == 1);
  CHECK(world.database.runs[0].run.status == RunStatus::completed);
  CHECK(world.database.runs[0].run.attempt == 2);
}

TEST_CASE("a run that was killed without the database is finished without it") {
  World world;
  world.database.down = true;
  world.die_in("b");
  CHECK(world.tick() == Names{"b", "c"});
  world.database.down = false;
  CHECK(world.tick().empty());
  REQUIRE(world.database.runs.size() == 1);
  const auto& row = world.database.runs[0];
  CHECK(row.run.status == RunStatus::completed);
  CHECK(row.outcomes.size() == 4);  // b twice: interrupted, and done
}

TEST_CASE("a run that was killed with the database leaves no start unrecorded") {
  World world;
  world.die_in("b");
  CHECK(world.tick() == Names{"b", "c"});
  REQUIRE(world.database.runs.size() == 1);
  const auto& row = world.database.runs[0];
  CHECK(row.run.status == RunStatus::completed);
  CHECK(row.run.attempt == 2);
  CHECK(row.outcomes.size() == 4);
}

TEST_CASE("a database that goes away in mid-run leaves the end to the next tick") {
  World world;
  world.host.runner.before_each = [&](const SpiderJob&) { world.database.down = true; };
  world.host.runner.stop_signal = 15;  // so that nobody waits for the database to come back
  world.host.runner.heeds_signal = false;
  (void)world.tick();
  CHECK(world.disk.attempts.size() == 1);
  world.host.runner.before_each = nullptr;
  world.host.runner.stop_signal = 0;
  world.database.down = false;
  world.database.slots.clear();
  CHECK(world.tick() == Names{"b", "c"});
  REQUIRE(world.database.runs.size() == 1);
  CHECK(world.database.runs[0].run.status == RunStatus::completed);
  CHECK(world.database.runs[0].outcomes.size() == 3);
}

TEST_CASE("a run of this host that began without the database holds back one with it") {
  World world;
  world.database.down = true;
  world.host.runner.before_each = [&](const SpiderJob&) {
    // Another tick, while the first spider runs, and the database is back.
    world.host.runner.before_each = nullptr;
    world.database.down = false;
    TestHost second(world.database, "laptop", 4712);
    second.keep_journal(world.disk);
    second.living.insert(4711);
    CHECK(second.tick().code == ExitCode::success);
    CHECK(second.spiders_run().empty());
    CHECK(second.logged("Already running on laptop, pid 4711"));
  };
  CHECK(world.tick() == all);
  CHECK(world.database.runs.size() == 1);
  CHECK(world.database.runs[0].run.status == RunStatus::completed);
}

TEST_CASE("a journal that cannot be written stops no run while the database is there") {
  World world;
  world.disk.full = true;
  CHECK(world.tick() == all);
  CHECK(world.result.code == ExitCode::success);
  CHECK(world.database.runs[0].run.status == RunStatus::completed);
  REQUIRE(world.database.runs[0].faults.size() == 1);
  CHECK(world.database.runs[0].faults[0].starts_with("cannot write the journal"));
}

TEST_CASE("with neither database nor journal nothing runs, and both faults are named") {
  World world;
  world.disk.full = true;
  world.database.down = true;
  try {
    (void)world.host.tick();
    FAIL("it ran");
  } catch (const DbError& error) {
    CHECK(std::string(error.what()).find("the database is down") != std::string::npos);
    CHECK(std::string(error.what()).find("cannot write the journal") != std::string::npos);
  }
  CHECK(world.host.spiders_run().empty());
}

TEST_CASE("an outage is loud once, however many ticks it lasts") {
  World world;
  world.database.down = true;
  (void)world.tick();
  CHECK(world.host.logged("warning The database cannot be used"));
  TestHost next(world.database, "laptop", 4712);
  next.keep_journal(world.disk);
  next.clock() = world.host.clock();
  (void)next.tick();
  CHECK_FALSE(next.logged("warning The database cannot be used"));
  CHECK(next.logged("info The database cannot be used"));
  world.database.down = false;
  (void)world.tick();
  CHECK(world.host.logged("info The database is back"));
}

TEST_CASE("--force runs without the database, too, and not beside another run") {
  World world;
  (void)world.tick();
  world.database.down = true;
  CHECK(world.tick({true, {}}) == all);
  CHECK(world.result.code == ExitCode::success);
  world.disk.locks.insert(0);
  CHECK(world.tick({true, {}}).empty());
  CHECK(world.result.code == ExitCode::already_running);
}

TEST_CASE("right after waking up a tick gives way once, and the next one goes by the journal") {
  World world;
  (void)world.tick();
  world.pass(8h);
  world.host.clock().asleep += 8h;
  world.database.down = true;
  CHECK(world.tick().empty());
  CHECK(world.result.code == ExitCode::success);
  CHECK(world.host.logged("Deferred: the host has just woken up"));
  world.pass(5min);
  CHECK(world.tick() == all);
}

TEST_CASE("a connection that is lost while the tick decides is made again, and the tick goes on") {
  World world;
  world.database.before_lock = [&] { world.host.store.break_session(); };
  CHECK(world.tick() == all);
  CHECK(world.result.code == ExitCode::success);
  CHECK_FALSE(world.host.logged("The database cannot be used"));
  REQUIRE(world.database.runs.size() == 1);
  CHECK(world.database.runs[0].run.status == RunStatus::completed);
}

TEST_CASE("a run that another process has before a spider was started has not completed") {
  World world;
  TestHost server(world.database, "server", 17);
  std::unique_ptr<SlotLock> others;
  world.database.after_write = [&] {
    if (others) return;
    world.host.store.lose_connection();
    others = server.store.try_lock();
    throw DbError(DbError::Kind::connection, "cut");
  };
  CHECK(world.tick().empty());
  CHECK(world.result.code == ExitCode::spider_failed);
  CHECK_FALSE(world.host.logged("Starting spider run"));
  others.reset();
  world.database.after_write = nullptr;
  CHECK(world.tick().empty());  // its retry is not due yet
  REQUIRE(world.database.runs.size() == 1);
  const auto& run = world.database.runs[0].run;
  CHECK(run.status == RunStatus::failed);
  CHECK(run.failure == "another process has the run: 3 spider(s) were not started");
}

TEST_CASE("a clock that went backwards at a reboot makes the data due, with a warning") {
  World world;
  (void)world.tick();
  world.database.down = true;
  world.host.clock() = {"next boot", 1h, 0s, TimePoint(1h)};
  CHECK(world.tick() == all);
  CHECK(world.host.logged("warning The host's clock went backwards"));
  world.pass(1h);
  world.host.clock().boot_id = "next boot";
  CHECK(world.tick().empty());
}

TEST_CASE("after a sleep the connection is checked before anything is written") {
  World world;
  world.host.runner.before_each = [&](const SpiderJob&) {
    world.host.runner.before_each = nullptr;
    world.host.clock().asleep += 1h;
    world.database.runs[0].run.token = "another host's";
  };
  CHECK(world.tick() == Names{"a"});
  CHECK(world.result.code == ExitCode::spider_failed);
  CHECK(world.database.runs[0].outcomes.empty());
  CHECK(world.host.logged("its spiders are stopped here"));
}

namespace {

int times(const std::string& text, const std::string& what) {
  int found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

/** Another one is there in its place, as after a mistake in the configuration. */
struct OtherDatabase {
  explicit OtherDatabase(MemoryDatabase& database) : database_(database), before_(database) {
    database.identity = {"00000000-0000-4000-8000-000000000002", "other"};
    database.runs.clear();
    database.down = false;
  }

  void leave() {
    before_.now = database_.now;
    database_ = before_;
    database_.down = false;
  }

 private:
  MemoryDatabase& database_;
  MemoryDatabase before_;
};

}  // namespace

TEST_CASE("an attempt of another database stays, is said once, and holds nothing back") {
  World world;
  REQUIRE(world.tick() == all);
  world.pass(5h);
  world.database.down = true;
  REQUIRE(world.tick() == all);
  world.disk.kill_writers();
  OtherDatabase other(world.database);
  CHECK(world.tick() == all);
  world.pass(5h);
  CHECK(world.tick() == all);
  CHECK(world.database.runs.size() == 2);
  CHECK(world.disk.attempts.size() == 1);
  const auto log = world.host.logged_text();
  CHECK(times(log, "warning 1 attempt(s) in the journal in /state/journal/default belong") == 1);
  CHECK(times(log, "info 1 attempt(s) in the journal in /state/journal/default belong") >= 1);
  CHECK(log.find("('jobs', id 00000000-0000-4000-8000-000000000001)") != std::string::npos);
  other.leave();
  (void)world.tick();
  CHECK(world.disk.attempts.empty());
  CHECK(world.database.runs.size() >= 2);
  CHECK(world.database.runs[1].run.spider_count == 3);
}

TEST_CASE("what is known of another database counts for nothing") {
  World world;
  REQUIRE(world.tick() == all);
  OtherDatabase other(world.database);
  world.host.schedule.policy.max_attempts = 1;
  world.host.runner.ends["a"] = Exited{1};
  REQUIRE(world.tick() == all);
  CHECK_FALSE(world.disk.host_state.success.has_value());
  CHECK(world.disk.host_state.database.name == "other");
  world.pass(5h);
  world.database.down = true;
  CHECK(world.tick() == all);
}

TEST_CASE("what the disk had no room for is in the journal once it has") {
  World world;
  world.database.down = true;
  world.host.runner.before_each = [&](const SpiderJob& job) { world.disk.full = job.name == "b"; };
  CHECK(world.tick() == all);
  REQUIRE(world.disk.attempts.size() == 1);
  CHECK(world.disk.attempts.front().record.outcomes.size() == 3);
  CHECK(world.host.logged("is kept in the journal"));
}

}  // namespace spider_check::test
