// How outcomes are written while spiders run: tick by tick, with a database that comes and goes.
#include "run/run_writer.hpp"

#include <doctest/doctest.h>

#include "support/host.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

SpiderOutcome good(const std::string& spider) {
  SpiderOutcome outcome;
  outcome.spider = spider;
  outcome.judgement = {Verdict::ok, {}};
  return outcome;
}

/** A run that has just been claimed. */
struct World {
  World() : lock(host.store.try_lock()) {
    record.claim.uuid = "run";
    record.claim.token = "ours";
    record.claim.id = spider_check::record(host.store, {record}, {}).id;
  }

  [[nodiscard]] std::size_t recorded() { return database.find(record.claim.id).outcomes.size(); }

  MemoryDatabase database;
  TestHost host{database};
  std::unique_ptr<SlotLock> lock;
  Outbox outbox{host.schedule.journal, host.schedule.log};  ///< it is in no journal
  AttemptRecord& record = outbox.attempt();
  RunWriter writer{host.schedule, outbox, *lock, true};
};

const RunEnd completed{RunStatus::completed, {}, {}, {}};

}  // namespace

TEST_CASE("an outcome is written when it comes") {
  World world;
  world.writer.add(good("a"));
  world.writer.attend();
  CHECK(world.recorded() == 1);
  CHECK(world.writer.finish(completed, 0s) == Written::database);
  CHECK(world.database.runs[0].run.status == RunStatus::completed);
}

TEST_CASE("without anything to write it waits for the next heartbeat") {
  World world;
  const auto until = world.writer.poll_request().until;
  REQUIRE(until.has_value());
  const auto left = *until - RunWriter::Clock::now();
  CHECK(left > 20s);
  CHECK(left <= 30s);
}

TEST_CASE("while the database is away outcomes are kept, and written once it is back") {
  World world;
  world.database.down = true;
  world.writer.add(good("a"));
  world.writer.add(good("b"));
  CHECK(world.recorded() == 0);
  CHECK_FALSE(world.writer.lost());
  CHECK(world.host.logged("The database went away: the database is down; the spiders go on"));
  // It tries again, later each time, and does not spin until then.
  CHECK(*world.writer.poll_request().until > RunWriter::Clock::now());
  world.database.down = false;
  CHECK(world.writer.finish(completed, 1min) == Written::database);
  CHECK(world.recorded() == 2);
  CHECK(world.host.logged("Connected again: run 1 is still ours"));
}

TEST_CASE("a database that stays away is waited for as long as there is patience") {
  World world;
  world.database.down = true;
  world.writer.add(good("a"));
  CHECK(world.writer.finish(completed, 300ms) == Written::nowhere);
  CHECK(world.host.logged("The database stayed away: the end of run 1 could not be recorded"));
}

TEST_CASE("a run that somebody else has taken over is written to no more") {
  World world;
  world.database.runs[0].run.token = "another";
  world.writer.add(good("a"));
  world.writer.attend();
  CHECK(world.writer.lost());
  CHECK(world.writer.poll_request().fd == -1);
  CHECK_FALSE(world.writer.poll_request().until.has_value());
  CHECK(world.writer.finish(completed, 1min) == Written::nowhere);
  CHECK(world.recorded() == 0);
  CHECK(world.host.logged("its spiders are stopped here"));
}

TEST_CASE("a lost connection is noticed while nothing is written, and made again at once") {
  World world;
  world.writer.attend();
  CHECK(*world.writer.poll_request().until > RunWriter::Clock::now());
  world.host.store.break_session();
  CHECK(world.database.slots.empty());
  const auto until = *world.writer.poll_request().until;
  CHECK(until <= RunWriter::Clock::now());
  world.writer.attend();
  CHECK(world.database.slots.contains(0));
  CHECK(world.host.logged("Connected again: run 1 is still ours"));
  CHECK(*world.writer.poll_request().until > RunWriter::Clock::now() + 20s);
}

TEST_CASE("a server that has no row of the run gets it at once, with what is known of it") {
  World world;
  world.writer.count(2, 3min);
  world.writer.add(good("a"));
  world.writer.attend();
  world.host.store.break_session();
  world.database.runs.clear();
  world.writer.attend();
  REQUIRE(world.database.runs.size() == 1);
  const auto& run = world.database.runs[0].run;
  CHECK(run.status == RunStatus::running);
  CHECK(run.spider_count == 2);
  CHECK(run.spiders_outlive == 3min);
  CHECK(run.uuid == world.record.claim.uuid);
  CHECK(world.recorded() == 1);
}

TEST_CASE("a row that vanishes is written anew, whatever is written when it is missed") {
  World world;
  SUBCASE("the number of spiders") {
    world.database.runs.clear();
    world.writer.count(1, 2min);
  }
  SUBCASE("an outcome") {
    world.writer.count(1, 2min);
    world.database.runs.clear();
    world.writer.add(good("a"));
  }
  SUBCASE("the end") {
    world.writer.count(1, 2min);
    world.writer.add(good("a"));
    world.writer.attend();
    CHECK(world.recorded() == 1);
    world.database.runs.clear();
  }
  world.writer.attend();
  CHECK(world.writer.finish(completed, 1min) == Written::database);
  CHECK_FALSE(world.writer.lost());
  REQUIRE(world.database.runs.size() == 1);
  CHECK(world.database.runs[0].run.status == RunStatus::completed);
  CHECK(world.database.runs[0].run.spider_count == 1);
}

TEST_CASE("a row that vanishes again and again is not written again and again at once") {
  World world;
  int written = 0;
  world.database.after_write = [&] {
    ++written;
    world.database.runs.clear();
  };
  for (const auto* name : {"a", "b", "c", "d"}) world.writer.add(good(name));
  for (int i = 0; i < 20; ++i) world.writer.attend();
  CHECK(written < 10);
  CHECK_FALSE(world.writer.lost());
}

TEST_CASE("what spiders outlive their program by is theirs that take longest to stop") {
  CHECK(spiders_outlive({}) == 0s);
  SpiderJob quick;
  quick.limits.grace = 1s;
  SpiderJob slow;
  slow.limits.grace = 20min;
  slow.limits.second_grace = 1min;
  CHECK(spiders_outlive({quick, slow, quick}) > 21min + 30s);
  CHECK(spiders_outlive({quick}) < 1min);
}

TEST_CASE("an outcome that the database takes exception to is written without its details") {
  World world;
  auto odd = good("odd");
  odd.crawl.emplace();
  world.database.refuses_crawls = true;
  world.writer.add(odd);
  world.writer.add(good("plain"));
  CHECK(world.writer.finish(completed, 1min) == Written::database);
  CHECK(world.recorded() == 2);
  CHECK(world.host.logged("The database refuses to record this: it cannot be stored"));
}

TEST_CASE("a run is not written into another database that answers in its place") {
  World world;
  world.record.database = world.database.identity;
  const auto own = world.database.identity;
  world.host.store.break_session();
  world.database.identity = {"00000000-0000-4000-8000-000000000002", "other"};
  world.writer.add(good("a"));
  CHECK(world.recorded() == 0);
  CHECK_FALSE(world.writer.connected());
  CHECK(world.host.logged("warning The database is away: another database answers ('other'"));
  CHECK(world.writer.finish(completed, 0s) == Written::nowhere);
  CHECK(world.recorded() == 0);
  world.database.identity = own;
  CHECK(world.writer.finish(completed, 1min) == Written::database);
  CHECK(world.recorded() == 1);
}

TEST_CASE("a run that began in an unknown database belongs to the one that takes it") {
  World world;
  world.host.store.break_session();
  world.writer.add(good("a"));
  CHECK(world.writer.finish(completed, 1min) == Written::database);
  CHECK(world.record.database.id == world.database.identity.id);
}

}  // namespace spider_check::test
