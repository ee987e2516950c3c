// How outcomes are written while spiders run: tick by tick, with a database that comes and goes.
#include "app/run_writer.hpp"

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

AttemptRecord claim_of(const Claim& claim) {
  AttemptRecord record;
  record.claim = claim;
  return record;
}

/** A run that has just been claimed. */
struct World {
  World() : lock(host.store.try_lock()), record(claim_of(host.store.start({}, *lock))) {}

  [[nodiscard]] std::size_t recorded() { return database.find(record.claim.id).outcomes.size(); }

  MemoryDatabase database;
  Host host{database};
  std::unique_ptr<SlotLock> lock;
  AttemptRecord record;
  app::AttemptLog log{nullptr, host.schedule.log};
  app::RunWriter writer{host.schedule, record, log, *lock, true};
};

const RunEnd completed{RunStatus::completed, {}, {}, {}};

}  // namespace

TEST_CASE("an outcome is written when it comes") {
  World world;
  world.writer.add(good("a"));
  world.writer.attend();
  CHECK(world.recorded() == 1);
  CHECK(world.writer.finish(completed, 0s) == app::Written::database);
  CHECK(world.database.runs[0].run.status == RunStatus::completed);
}

TEST_CASE("without anything to write it waits for the next heartbeat") {
  World world;
  const auto until = world.writer.interest().until;
  REQUIRE(until.has_value());
  const auto left = *until - app::RunWriter::Clock::now();
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
  CHECK(*world.writer.interest().until > app::RunWriter::Clock::now());
  world.database.down = false;
  CHECK(world.writer.finish(completed, 1min) == app::Written::database);
  CHECK(world.recorded() == 2);
  CHECK(world.host.logged("Connected again: run 1 is still ours"));
}

TEST_CASE("a database that stays away is waited for as long as there is patience") {
  World world;
  world.database.down = true;
  world.writer.add(good("a"));
  CHECK(world.writer.finish(completed, 300ms) == app::Written::nowhere);
  CHECK(world.host.logged("The database stayed away: the end of run 1 could not be recorded"));
}

TEST_CASE("a run that somebody else has taken over is written to no more") {
  World world;
  world.database.runs[0].token = "another";
  world.writer.add(good("a"));
  world.writer.attend();
  CHECK(world.writer.lost());
  CHECK(world.writer.interest().fd == -1);
  CHECK_FALSE(world.writer.interest().until.has_value());
  CHECK(world.writer.finish(completed, 1min) == app::Written::nowhere);
  CHECK(world.recorded() == 0);
  CHECK(world.host.logged("its spiders are stopped here"));
}

TEST_CASE("an outcome that the database takes exception to is written without its details") {
  World world;
  auto odd = good("odd");
  odd.crawl.emplace();
  world.database.refuses_crawls = true;
  world.writer.add(odd);
  world.writer.add(good("plain"));
  CHECK(world.writer.finish(completed, 1min) == app::Written::database);
  CHECK(world.recorded() == 2);
  CHECK(world.host.logged("The database did not take the outcome of"));
}

}  // namespace spider_check::test
