// What a run that starts late says of the time in which nothing ran.
#include <doctest/doctest.h>

#include "support/host.hpp"
#include "util/errors.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

using Found = std::vector<Delay>;

/** A host with a journal that has just run its spiders. */
struct World {
  World() {
    host.schedule.precheck = std::ref(precheck);
    host.keep_journal(disk);
    host.clock() = {"this", 100h, 7h, TimePoint{} + 1000h};
    (void)host.tick();
    REQUIRE(database.runs.size() == 1);
  }

  void pass(Duration time) {
    database.now += time;
    host.clock().since_boot += time;
    host.clock().wall += time;
  }

  void sleep(Duration time) {
    pass(time);
    host.clock().asleep += time;
  }

  /** Off for so long, and up again at once. */
  void boot_after(Duration time) {
    pass(time);
    host.clock().boot_id = "next";
    host.clock().since_boot = host.clock().asleep = 0s;
  }

  /** What the run says that this tick starts. */
  Found late_run() {
    const auto before = database.runs.size();
    (void)host.tick();
    REQUIRE(database.runs.size() == before + 1);
    return database.runs.back().delays;
  }

  void skip() {
    const auto before = database.runs.size();
    (void)host.tick();
    REQUIRE(database.runs.size() == before);
  }

  FakeDisk disk;
  MemoryDatabase database;
  TestHost host{database};
  FakePrecheck precheck;
};

}  // namespace

TEST_CASE("a run in time was kept by nothing") {
  World world;
  world.pass(4h);
  CHECK(world.late_run().empty());
}

TEST_CASE("after a night off the run says so, and until when") {
  World world;
  world.boot_after(9h);
  world.pass(2min);
  CHECK(world.late_run() == Found{{DelayCause::off, 5h + 2min, 2min, ""}});
}

TEST_CASE("after a night asleep it says so") {
  World world;
  world.pass(1h);
  world.sleep(8h);
  world.pass(3min);
  CHECK(world.late_run() == Found{{DelayCause::suspended, 5h + 3min, 0s, ""}});
  // That is told once.
  world.pass(7h);
  CHECK(world.late_run().empty());
}

TEST_CASE("a schedule that was disabled is told from then on, however many ticks saw it") {
  World world;
  world.pass(1h);
  world.host.schedule.policy.enabled = false;
  world.skip();
  const int remembered = world.disk.remembered;
  world.pass(5h);
  world.skip();
  CHECK(world.disk.remembered == remembered);
  world.pass(1h);
  world.host.schedule.policy.enabled = true;
  CHECK(world.late_run() == Found{{DelayCause::disabled, 3h, 0s, ""}});
}

TEST_CASE("a run that was put off says why") {
  World world;
  world.pass(4h);
  world.precheck.answer = "precheck `online` exited with 1";
  world.skip();
  world.pass(2h);
  world.precheck.answer.reset();
  CHECK(world.late_run() ==
        Found{{DelayCause::deferred, 2h, 0s, "precheck `online` exited with 1"}});
}

TEST_CASE("without the database and with on_database_error = skip the run after it says so") {
  World world;
  world.host.schedule.on_database_error = OnDatabaseError::skip;
  world.pass(5h);
  world.database.down = true;
  CHECK_THROWS_AS((void)world.host.tick(), DbError);
  world.pass(3h);
  world.database.down = false;
  CHECK(world.late_run() == Found{{DelayCause::database_away, 3h, 0s, ""}});
}

TEST_CASE("what kept this host is forgotten once another one made the data fresh") {
  World world;
  world.pass(1h);
  world.host.schedule.policy.enabled = false;
  world.skip();
  world.host.schedule.policy.enabled = true;
  world.pass(4h);
  TestHost other(world.database, "desktop", 4712);
  (void)other.tick();
  world.pass(1h);
  world.skip();
  CHECK(world.disk.host_state.delays.empty());
}

}  // namespace spider_check::test
