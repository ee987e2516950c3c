// Ticks whose writes the database refuses, and the first one after somebody has seen to that.
#include <doctest/doctest.h>

#include "run/tick.hpp"
#include "support/host.hpp"
#include "util/errors.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

const Names all{"a", "b", "c"};

/** A host with a journal, whose database refuses some verbs. */
struct World {
  World() {
    host.keep_journal(disk);
    // Each tick is a process of its own, and the one before it is gone.
    host.living.clear();
  }

  void refuse(std::set<std::string> verbs) {
    database.refuses = [verbs = std::move(verbs)](const auto& verb, const auto& /*run*/) {
      return verbs.contains(verb);
    };
  }

  void refuse_everything() {
    database.refuses = [](const auto& /*verb*/, const auto& /*run*/) { return true; };
  }

  void pass(Duration time) {
    database.now += time;
    host.clock().since_boot += time;
    host.clock().wall += time;
  }

  Names tick(const Request& request = {}) {
    host.runner.started.clear();
    result = host.tick(request);
    return host.spiders_run();
  }

  void die_in(const std::string& spider) {
    host.runner.before_each = [spider](const SpiderJob& job) {
      if (job.name == spider) throw std::runtime_error("killed");
    };
    CHECK_THROWS_AS((void)host.tick(), std::runtime_error);
    host.runner.before_each = nullptr;
    disk.kill_writers();
    database.slots.clear();
  }

  [[nodiscard]] int warnings() const {
    const auto text = host.logged_text();
    int count = 0;
    for (auto at = text.find("warning The database refuses"); at != std::string::npos;
         at = text.find("warning The database refuses", at + 1)) {
      ++count;
    }
    return count;
  }

  FakeDisk disk;
  MemoryDatabase database;
  TestHost host{database};
  Result result;
};

void check_recorded_once(const World& world) {
  REQUIRE(world.database.runs.size() == 1);
  const auto& row = world.database.runs[0];
  CHECK(row.run.status == RunStatus::completed);
  CHECK(row.run.spider_count == 3);
  CHECK(row.outcomes.size() == 3);
  CHECK(world.disk.attempts.empty());
  CHECK_FALSE(world.disk.host_state.refused.has_value());
}

}  // namespace

TEST_CASE("whichever write is refused, the spiders run once, and it is recorded once") {
  const std::vector<std::set<std::string>> refusals{
      {"start"},          {"start", "replay"},  {"heartbeat", "replay"},
      {"send", "replay"}, {"finish", "replay"}, {"send", "heartbeat", "finish", "replay"}};
  for (const auto& verbs : refusals) {
    World world;
    CAPTURE(*verbs.begin());
    world.refuse(verbs);
    const auto started = world.database.now;
    CHECK(world.tick() == all);
    CHECK(world.result.code == ExitCode::success);
    for (int i = 0; i < 3; ++i) {
      world.pass(1h);
      CHECK(world.tick().empty());
      CHECK(world.result.code == ExitCode::success);
    }
    CHECK(world.warnings() == 1);
    world.database.refuses = nullptr;
    world.pass(30min);
    CHECK(world.tick().empty());
    check_recorded_once(world);
    CHECK(world.database.runs[0].run.started == started);
    world.pass(30min);
    CHECK(world.tick() == all);
  }
}

TEST_CASE("what is refused at the start and taken before the end needs no journal afterwards") {
  World world;
  world.refuse({"start"});
  world.host.runner.before_each = [&](const SpiderJob& job) {
    if (job.name == "c") world.database.refuses = nullptr;
  };
  CHECK(world.tick() == all);
  check_recorded_once(world);
  CHECK(world.host.logged("type: MEND start"));
}

TEST_CASE("a refusal is loud once for each cause, with what is to be typed") {
  World world;
  world.refuse_everything();
  CHECK(world.tick() == all);
  world.pass(1h);
  CHECK(world.tick().empty());
  world.pass(4h);
  CHECK(world.tick() == all);
  const int before = world.warnings();
  CHECK(world.host.logged("type: MEND"));
  world.pass(1h);
  CHECK(world.tick().empty());
  CHECK(world.warnings() == before);
}

TEST_CASE("several runs that were refused are recorded in order, each with its own start") {
  World world;
  world.refuse_everything();
  for (int i = 0; i < 3; ++i) {
    CHECK(world.tick() == all);
    world.pass(4h);
  }
  CHECK(world.disk.attempts.size() == 3);
  world.pass(-1h);
  world.database.refuses = nullptr;
  CHECK(world.tick().empty());
  REQUIRE(world.database.runs.size() == 3);
  CHECK(world.database.runs[1].run.started - world.database.runs[0].run.started == 4h);
  CHECK(world.database.runs[2].run.started - world.database.runs[1].run.started == 4h);
}

TEST_CASE("one attempt that is refused for ever holds back no other run") {
  World world;
  world.refuse_everything();
  CHECK(world.tick() == all);
  world.pass(4h);
  CHECK(world.tick() == all);
  const auto first = world.disk.attempts.front().record.claim.uuid;
  world.database.refuses = [&](const auto& /*verb*/, const auto& run) { return run == first; };
  world.pass(1h);
  CHECK(world.tick().empty());
  CHECK(world.database.runs.size() == 1);
  CHECK(world.disk.attempts.size() == 1);
  world.pass(3h);
  CHECK(world.tick() == all);
  CHECK(world.database.runs.size() == 2);
  CHECK(world.disk.attempts.size() == 1);
}

TEST_CASE("a refused run that failed is retried with backoff, and recorded as one run") {
  World world;
  world.refuse_everything();
  world.host.runner.ends["b"] = Exited{1};
  CHECK(world.tick() == all);
  CHECK(world.result.code == ExitCode::spider_failed);
  world.pass(14min);
  CHECK(world.tick().empty());
  world.pass(1min);
  world.host.runner.ends.clear();
  CHECK(world.tick() == Names{"b"});
  world.pass(1h);
  CHECK(world.tick().empty());
  CHECK(world.disk.attempts.size() == 2);
  world.database.refuses = nullptr;
  CHECK(world.tick().empty());
  REQUIRE(world.database.runs.size() == 1);
  const auto& row = world.database.runs[0];
  CHECK(row.run.status == RunStatus::completed);
  CHECK(row.run.attempt == 2);
  CHECK(row.outcomes.size() == 4);
}

TEST_CASE("a run that the database still calls running, because its end was refused, is over") {
  World world;
  world.host.runner.ends["b"] = Exited{1};
  world.refuse({"finish", "replay", "mark_interrupted", "retry"});
  CHECK(world.tick() == all);
  CHECK(only_run(world.database).status == RunStatus::running);
  world.pass(5min);
  CHECK(world.tick().empty());
  CHECK(world.host.logged("Retry of failed run 1"));
  world.host.runner.ends.clear();
  world.pass(10min);
  CHECK(world.tick() == Names{"b"});
  world.database.refuses = nullptr;
  world.pass(5min);
  CHECK(world.tick().empty());
  CHECK(only_run(world.database).status == RunStatus::completed);
  CHECK(only_run(world.database).attempt == 2);
  CHECK(world.database.runs[0].outcomes.size() == 4);
}

TEST_CASE("a run that died while its database refuses everything is gone on with, a few times") {
  World world;
  world.die_in("b");
  world.refuse_everything();
  CHECK(world.tick() == Names{"b", "c"});
  world.pass(1h);
  CHECK(world.tick().empty());
  world.database.refuses = nullptr;
  CHECK(world.tick().empty());
  REQUIRE(world.database.runs.size() == 1);
  CHECK(world.database.runs[0].run.status == RunStatus::completed);
  CHECK(world.database.runs[0].run.attempt == 2);
  CHECK(world.database.runs[0].outcomes.size() == 4);
}

TEST_CASE("a program that dies again and again under a refusal uses up its attempts") {
  World world;
  world.refuse_everything();
  for (int i = 0; i < 3; ++i) {
    world.die_in("a");
    world.pass(1min);
  }
  CHECK(world.tick().empty());
}

TEST_CASE("with on_database_error = skip nothing runs where the claim is refused") {
  World world;
  world.host.schedule.on_database_error = OnDatabaseError::skip;
  world.refuse({"start"});
  try {
    (void)world.tick();
    FAIL("it ran");
  } catch (const DbError& error) {
    CHECK(std::string(error.what()).find("type: MEND start") != std::string::npos);
  }
  CHECK(world.host.spiders_run().empty());
  CHECK(world.disk.attempts.empty());
}

TEST_CASE("with neither the database's consent nor a journal nothing runs") {
  World world;
  world.refuse({"start"});
  world.disk.full = true;
  CHECK_THROWS_AS((void)world.tick(), DbError);
  CHECK(world.host.spiders_run().empty());
}

TEST_CASE("while a refused run goes on its lock is held, and others know of it") {
  World world;
  world.refuse_everything();
  world.host.runner.before_each = [&](const SpiderJob&) {
    world.host.runner.before_each = nullptr;
    TestHost other(world.database, "server", 17);
    CHECK(other.tick().code == ExitCode::success);
    CHECK(other.spiders_run().empty());
    CHECK(other.logged("Already running on laptop, pid 4711"));
    TestHost second(world.database, "laptop", 4712);
    second.keep_journal(world.disk);
    second.living.insert(4711);
    CHECK(second.tick().code == ExitCode::success);
    CHECK(second.spiders_run().empty());
  };
  CHECK(world.tick() == all);
}

TEST_CASE("a dry run sees what the next tick will see") {
  World world;
  world.refuse_everything();
  CHECK(world.tick() == all);
  world.pass(1h);
  const auto text = dry_run(world.host.schedule, {});
  CHECK(text.find("Last run was 1.00 hours ago") != std::string::npos);
  CHECK(text.find("Recent run detected") != std::string::npos);
}

TEST_CASE("--force runs all the same, and its outcome waits, too") {
  World world;
  world.refuse_everything();
  CHECK(world.tick() == all);
  world.pass(1h);
  CHECK(world.tick({true, {}}) == all);
  world.database.refuses = nullptr;
  CHECK(world.tick().empty());
  CHECK(world.database.runs.size() == 2);
}

}  // namespace spider_check::test
