// What is written for others to read: when, and what becomes of the run when that fails.
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <doctest/doctest.h>

#include "run/tick.hpp"
#include "schedule/spider.hpp"
#include "support/host.hpp"
#include "util/errors.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

struct FakeFile {
  std::vector<std::string> texts;
  bool full = false;

  void replace(const std::filesystem::path& path, std::string_view text) {
    if (full)
      throw std::system_error(ENOSPC, std::generic_category(), "cannot write " + path.string());
    texts.emplace_back(text);
  }
};

/** A host that publishes when the database last saw a success. */
struct World {
  World() {
    host.keep_journal(disk);
    host.living.clear();
    host.schedule.publications.push_back(
        {"the page", "/x.prom", std::bind_front(&FakeFile::replace, &file),
         [](const Instance& schedule) {
           const auto success = schedule.store.latest_success().newest_success;
           return success ? std::to_string(success->time_since_epoch().count()) : "never";
         }});
  }

  void pass(Duration time) {
    database.now += time;
    host.clock().since_boot += time;
    host.clock().wall += time;
  }

  /** As published. */
  [[nodiscard]] std::string success() const {
    return std::to_string(database.runs.at(0).run.started.time_since_epoch().count());
  }

  FakeDisk disk;
  MemoryDatabase database;
  FakeFile file;
  TestHost host{database};
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a run is published once it is recorded, whether it succeeded or not") {
  World world;
  world.host.runner.ends["b"] = Exited{1};
  (void)world.host.tick();
  CHECK(world.file.texts == Texts{"never"});
  world.host.runner.ends.clear();
  world.pass(15min);
  (void)world.host.tick();
  CHECK(world.file.texts == Texts{"never", world.success()});
}

TEST_CASE("a tick that finds nothing to do publishes nothing") {
  World world;
  (void)world.host.tick();
  world.pass(1h);
  (void)world.host.tick();
  CHECK(world.file.texts.size() == 1);
}

TEST_CASE("that a schedule is disabled is published once, by the first tick that meets it") {
  World world;
  (void)world.host.tick();
  world.pass(1h);
  world.host.schedule.policy.enabled = false;
  const auto ticks = [&](int number) {
    for (int i = 0; i < number; ++i) {
      (void)world.host.tick();
      world.pass(5min);
    }
    return world.file.texts.size();
  };
  SUBCASE("and so is that it is enabled again") {
    CHECK(ticks(3) == 2);
    world.host.schedule.policy.enabled = true;
    CHECK(ticks(3) == 3);
    world.host.schedule.policy.enabled = false;
    CHECK(ticks(3) == 4);
  }
  SUBCASE("or by a later one, where that could not be written") {
    world.file.full = true;
    CHECK(ticks(3) == 1);
    CHECK(world.host.logged("info Could not write the page"));
    world.file.full = false;
    CHECK(ticks(3) == 2);
  }
  SUBCASE("or by a run that is forced") {
    (void)world.host.tick({true, {}});
    CHECK(world.file.texts.size() == 2);
    CHECK(ticks(3) == 2);
  }
}

TEST_CASE("a schedule that publishes nothing remembers nothing of it") {
  World world;
  world.host.schedule.publications.clear();
  world.host.schedule.policy.enabled = false;
  (void)world.host.tick();
  CHECK_FALSE(world.disk.host_state.published_disabled);
}

TEST_CASE("a schedule that publishes nothing any more has cheap ticks again") {
  World world;
  (void)world.host.tick();
  world.host.schedule.policy.enabled = false;
  (void)world.host.tick();
  REQUIRE(world.disk.host_state.published_disabled);
  world.host.schedule.policy.enabled = true;
  world.host.schedule.publications.clear();
  (void)world.host.tick();
  const int remembered = world.disk.remembered;
  (void)world.host.tick();
  CHECK(world.disk.remembered == remembered);
}

TEST_CASE("a run without the database is published by the tick that records it") {
  World world;
  world.database.down = true;
  (void)world.host.tick();
  CHECK(world.file.texts.empty());
  world.database.down = false;
  world.pass(1h);
  (void)world.host.tick();
  CHECK(world.file.texts == Texts{world.success()});
  world.pass(1h);
  (void)world.host.tick();
  CHECK(world.file.texts.size() == 1);
}

TEST_CASE("a run that is told to stop waits for no publication") {
  World world;
  world.host.runner.stop_signal = 15;
  CHECK(world.host.tick().signal == 15);
  CHECK(world.file.texts.empty());
}

TEST_CASE("what cannot be published is one warning, and neither the run nor the rest fails") {
  World world;
  FakeFile other;
  world.host.schedule.publications.push_back({"the rest", "/x.prom",
                                              std::bind_front(&FakeFile::replace, &other),
                                              [](const Instance&) { return std::string("rest"); }});
  SUBCASE("because it cannot be written") {
    world.file.full = true;
    CHECK(world.host.tick().code == ExitCode::success);
    CHECK(world.host.logged(
        "warning Could not write the page, so /x.prom stays as it was: cannot write /x.prom: "
        "No space left on device\n"));
  }
  SUBCASE("because it cannot be read") {
    world.host.schedule.publications[0].text = [](const Instance&) -> std::string {
      throw DbError(DbError::Kind::connection, "the server is gone");
    };
    CHECK(world.host.tick().code == ExitCode::success);
    CHECK(world.host.logged(
        "warning Could not write the page, so /x.prom stays as it was: the server is gone\n"));
  }
  CHECK(other.texts == Texts{"rest"});
  CHECK(world.database.runs.at(0).run.status == RunStatus::completed);
}

}  // namespace spider_check::test
