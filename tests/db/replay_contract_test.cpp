// What the journal brings into a store, shown of the real one and of the one in memory.

#include <algorithm>

#include <doctest/doctest.h>

#include "outbox/journal.hpp"
#include "two_hosts.hpp"
#include "util/errors.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

const HostTime now{"boot", 100h, 0s, TimePoint(500'000h)};
const std::string run_uuid = "11111111-1111-4111-8111-111111111111";
const std::string token_1 = "aaaaaaaa-0000-4000-8000-000000000001";
const std::string token_2 = "aaaaaaaa-0000-4000-8000-000000000002";
const std::string token_3 = "aaaaaaaa-0000-4000-8000-000000000003";

JournaledOutcome ended(const std::string& spider, int code, Duration ago) {
  return {outcome(spider, Exited{code}), earlier(now, ago)};
}

/** An attempt that began two hours ago: `good` worked, `bad` did not, and `gone` has no outcome. */
AttemptRecord attempt(int number = 1, const std::string& token = token_1) {
  AttemptRecord record;
  record.claim = {0, number, {}, token, run_uuid};
  record.run.late = 30min;
  record.run.missed_intervals = 2;
  record.owner = owner(1);
  record.owner.machine = "machine";
  record.spider_count = 3;
  record.run_started = record.began = earlier(now, 2h);
  for (const auto* spider : {"good", "bad", "gone"}) {
    record.starts.push_back({spider, "/logs/x", earlier(now, 2h)});
  }
  record.outcomes = {ended("good", 0, 110min), ended("bad", 1, 100min)};
  return record;
}

/** A later one, of the spider that failed alone. */
AttemptRecord another_try(int number, const std::string& token, int code) {
  auto record = attempt(number, token);
  record.starts = {{"bad", "/logs/z", earlier(now, 80min)}};
  record.outcomes = {ended("bad", code, 70min)};
  return record;
}

AttemptRecord with_end(AttemptRecord record, RunStatus status) {
  RunEnd end{status, status == RunStatus::failed ? "it failed" : "", {"a fault"}, std::nullopt};
  if (status == RunStatus::failed) end.retry_after = 15min;
  record.end = JournaledEnd{end, earlier(now, 90min)};
  return record;
}

const RecordedOutcome& find(const std::vector<RecordedOutcome>& all, const std::string& spider) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& recorded) {
    return recorded.outcome.spider == spider;
  });
  REQUIRE(found != all.end());
  return *found;
}

}  // namespace

TEST_CASE_TEMPLATE("an attempt that the store never heard of becomes a run, at its time", World,
                   Real, Memory) {
  World world;
  const auto id = replay(world.a(), with_end(attempt(), RunStatus::failed), now);
  const auto state = world.b().state();
  REQUIRE(state.last.has_value());
  const auto& run = *state.last;
  CHECK(run.id == id);
  CHECK(run.uuid == run_uuid);
  CHECK(run.status == RunStatus::failed);
  CHECK(run.failure == "it failed");
  CHECK(about(run.started, state.now - 2h));
  CHECK(about(*run.finished, state.now - 90min));
  CHECK(about(*run.next_attempt, state.now - 75min));
  CHECK(run.spider_count == 3);
  CHECK(run.owner == attempt().owner);
}

TEST_CASE_TEMPLATE("each spider that was started has one outcome, at its time", World, Real,
                   Memory) {
  World world;
  const auto id = replay(world.a(), with_end(attempt(), RunStatus::failed), now);
  const auto all = world.a().outcomes(id);
  REQUIRE(all.size() == 3);
  CHECK(about(find(all, "good").finished, world.a().state().now - 110min));
  CHECK(find(all, "good").outcome.judgement.verdict == Verdict::ok);
  CHECK(find(all, "bad").outcome.judgement.verdict == Verdict::failed);
  CHECK(find(all, "gone").outcome.judgement.reasons.front().starts_with("interrupted"));
  CHECK(world.a().succeeded(id) == std::vector<std::string>{"good"});
}

TEST_CASE_TEMPLATE("an attempt without an end was interrupted, and may be tried again", World, Real,
                   Memory) {
  World world;
  (void)replay(world.a(), attempt(), now);
  const auto state = world.a().state();
  CHECK(state.last->status == RunStatus::failed);
  CHECK(state.last->failure == "interrupted: laptop, pid 1 is gone");
  CHECK(*state.last->next_attempt <= state.now);
}

TEST_CASE_TEMPLATE("what is replayed twice is recorded once", World, Real, Memory) {
  World world;
  const auto record = with_end(attempt(), RunStatus::completed);
  const auto id = replay(world.a(), record, now);
  world.age(1min);
  CHECK(replay(world.b(), record, now) == id);
  CHECK(world.a().outcomes(id).size() == 3);
  const auto state = world.a().state();
  CHECK(about(state.last->started, state.now - 2h - 1min));
  CHECK(state.last->status == RunStatus::completed);
}

TEST_CASE_TEMPLATE("the end of an attempt that the store knew is brought to it", World, Real,
                   Memory) {
  World world;
  auto record = with_end(attempt(), RunStatus::completed);
  {
    const auto lock = world.a().try_lock();
    record.claim.id = beat(world.a(), record).id;
    CHECK(record.claim.uuid == run_uuid);
    CHECK(record.claim.token == token_1);
  }
  const auto started = world.a().state().last->started;
  CHECK(replay(world.a(), record, now) == record.claim.id);
  const auto state = world.a().state();
  CHECK(state.last->status == RunStatus::completed);
  CHECK(state.last->started == started);
  CHECK(state.newest_success == started);
  CHECK(world.a().outcomes(record.claim.id).size() == 3);
}

TEST_CASE_TEMPLATE("an attempt at a run follows the one before it", World, Real, Memory) {
  World world;
  const auto id = replay(world.a(), with_end(attempt(), RunStatus::failed), now);
  const auto second = another_try(2, token_2, 0);
  CHECK(replay(world.a(), with_end(second, RunStatus::completed), now) == id);
  const auto state = world.a().state();
  CHECK(state.last->attempt == 2);
  CHECK(state.last->status == RunStatus::completed);
  CHECK_FALSE(state.last->next_attempt.has_value());
  const auto all = world.a().outcomes(id);
  CHECK(find(all, "bad").attempt == 2);
  CHECK(find(all, "good").attempt == 1);
}

TEST_CASE_TEMPLATE("a run that another host went on with stays that host's", World, Real, Memory) {
  World world;
  auto record = with_end(attempt(), RunStatus::failed);
  {
    const auto lock = world.a().try_lock();
    record.claim.id = beat(world.a(), record).id;
  }
  CHECK(world.b().mark_interrupted(*world.b().state().last, "interrupted: laptop, pid 1 is gone"));
  const auto lock = world.b().try_lock();
  auto ours = retry(world.b(), *world.b().state().last, *lock, owner(2, "server"));
  (void)replay(world.a(), record, now);
  const auto state = world.a().state();
  CHECK(state.last->status == RunStatus::running);
  CHECK(state.last->attempt == 2);
  CHECK(world.a().outcomes(ours.claim.id).size() == 3);
  count(world.b(), ours, 3, 2min);
  finish(world.b(), ours, {RunStatus::completed, {}, {}, {}});
  CHECK(world.a().state().last->status == RunStatus::completed);
}

TEST_CASE_TEMPLATE("how an attempt ended counts for more than that others took it for interrupted",
                   World, Real, Memory) {
  World world;
  auto record = attempt();
  {
    const auto lock = world.a().try_lock();
    record.claim.id = beat(world.a(), record).id;
  }
  CHECK(world.b().mark_interrupted(*world.b().state().last, "interrupted: it is silent"));
  const auto state_after = [&](const AttemptRecord& how) {
    (void)replay(world.a(), how, now);
    (void)replay(world.a(), how, now);
    CHECK(world.a().outcomes(record.claim.id).size() == 3);
    return world.b().state();
  };
  SUBCASE("it failed") {
    const auto state = state_after(with_end(record, RunStatus::failed));
    CHECK(state.last->failure == "it failed");
    CHECK(about(*state.last->finished, state.now - 90min));
    CHECK(about(*state.last->next_attempt, state.now - 75min));
    CHECK(state.last->attempt == 1);
  }
  SUBCASE("it completed") {
    const auto state = state_after(with_end(record, RunStatus::completed));
    CHECK(state.last->status == RunStatus::completed);
    CHECK(state.last->failure.empty());
    CHECK(state.newest_success == state.last->started);
  }
  SUBCASE("its program ended first") {
    const auto state = state_after(record);
    CHECK(state.last->failure == "interrupted: it is silent");
    CHECK(about(*state.last->next_attempt, state.now));
  }
}

TEST_CASE_TEMPLATE("of two attempts of one number neither loses its outcomes", World, Real,
                   Memory) {
  World world;
  const auto id = replay(world.a(), with_end(attempt(), RunStatus::failed), now);
  // Both hosts try again, one of them without the database.
  const auto lock = world.b().try_lock();
  auto ours = retry(world.b(), *world.b().state().last, *lock, owner(2, "server"));
  add(world.b(), ours, {outcome("bad", Exited{1})});
  finish(world.b(), ours, {RunStatus::failed, "again", {}, 30min});
  const auto other = another_try(2, token_3, 0);
  const auto ended_other = with_end(other, RunStatus::completed);
  CHECK(replay(world.a(), ended_other, now) == id);
  CHECK(replay(world.a(), ended_other, now) == id);
  const auto state = world.a().state();
  CHECK(state.last->attempt == 3);
  CHECK(state.last->status == RunStatus::completed);
  CHECK(find(world.a().outcomes(id), "bad").attempt == 3);
}

TEST_CASE_TEMPLATE(
    "an attempt that goes on keeps its run and its number beside one that is replayed", World, Real,
    Memory) {
  World world;
  const auto id = replay(world.a(), with_end(attempt(), RunStatus::failed), now);
  const auto lock = world.b().try_lock();
  auto ours = retry(world.b(), *world.b().state().last, *lock, owner(2, "server"));
  const auto other = another_try(2, token_3, 0);
  CHECK(replay(world.a(), with_end(other, RunStatus::completed), now) == id);
  CHECK(world.a().state().last->status == RunStatus::running);
  CHECK(find(world.a().outcomes(id), "bad").attempt == 3);
  add(world.b(), ours, {outcome("good", Exited{1})});
  CHECK(find(world.a().outcomes(id), "good").attempt == 2);
  finish(world.b(), ours, {RunStatus::failed, "again", {}, 0s});
  // What is tried next has a number of its own.
  CHECK(world.a().state().last->attempt == 3);
}

TEST_CASE_TEMPLATE(
    "an attempt that goes on loses no outcome to several that are replayed meanwhile", World, Real,
    Memory) {
  World world;
  const auto id = replay(world.a(), with_end(attempt(), RunStatus::failed), now);
  const auto lock = world.b().try_lock();
  auto second = retry(world.b(), *world.b().state().last, *lock, owner(2, "server"));
  add(world.b(), second, {outcome("bad", Exited{1})});
  finish(world.b(), second, {RunStatus::failed, "again", {}, 0s});
  const auto third = retry(world.b(), *world.b().state().last, *lock, owner(2, "server"));
  // The other host has made a second and a third attempt of its own.
  for (const int number : {2, 3}) {
    const auto other = another_try(number, number == 2 ? token_2 : token_3, 1);
    CHECK(replay(world.a(), with_end(other, RunStatus::failed), now) == id);
  }
  add(world.b(), third, {outcome("bad", Exited{0})});
  CHECK(world.a().succeeded(id) == std::vector<std::string>{"bad", "good"});
}

TEST_CASE_TEMPLATE("a run that began without the store becomes one that is running", World, Real,
                   Memory) {
  World world;
  const auto lock = world.a().unheld_lock(0);
  const auto reclaimed = reclaim(world.a(), attempt(), *lock, now).id;
  auto state = world.b().state();
  CHECK(state.last->id == reclaimed);
  CHECK(state.last->status == RunStatus::running);
  CHECK(state.last->lock_held);
  CHECK(about(state.last->started, state.now - 2h));
  auto record = attempt();
  record.claim.id = reclaimed;
  add(world.a(), record, {outcome("good", Exited{0})});
  finish(world.a(), record, {RunStatus::completed, {}, {}, {}});
  CHECK(world.b().state().last->status == RunStatus::completed);
}

TEST_CASE_TEMPLATE("a retry that began without the store goes on with the failed run", World, Real,
                   Memory) {
  World world;
  const auto id = replay(world.a(), with_end(attempt(), RunStatus::failed), now);
  const auto lock = world.a().unheld_lock(0);
  const auto reclaimed = reclaim(world.a(), attempt(2, token_2), *lock, now).id;
  CHECK(reclaimed == id);
  const auto state = world.b().state();
  CHECK(state.last->attempt == 2);
  CHECK(state.last->status == RunStatus::running);
}

TEST_CASE_TEMPLATE("a run that somebody else has by now is lost, also when its lock is free", World,
                   Real, Memory) {
  World world;
  auto record = attempt();
  {
    const auto lock = world.a().try_lock();
    record.claim.id = beat(world.a(), record).id;
  }
  world.break_connection_of_a();
  CHECK(world.b().mark_interrupted(*world.b().state().last, "interrupted: laptop, pid 1 is gone"));
  const auto lock = world.a().unheld_lock(0);
  CHECK_THROWS_AS((void)reclaim(world.a(), record, *lock, now), LostRun);
}

}  // namespace spider_check::test
