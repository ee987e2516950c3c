// What stays of old runs and what goes, shown of the real store and of the one that the unit tests
// rely on.

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include "schedule/run_store.hpp"
#include "two_hosts.hpp"
#include "util/errors.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

struct Ended {
  std::string spider;
  bool well = true;
};

/** A run that is over; it was completed unless one of its spiders failed. */
RunId add(RunStore& store, const std::vector<Ended>& spiders, bool partial = false) {
  const auto lock = store.try_lock();
  REQUIRE(lock);
  NewRun run;
  run.partial = partial;
  auto ours = start(store, *lock, run);
  count(store, ours, static_cast<int>(spiders.size()), 2min);
  std::vector<SpiderOutcome> outcomes;
  bool well = true;
  for (const auto& spider : spiders) {
    outcomes.push_back(outcome(spider.spider, Exited{spider.well ? 0 : 1}));
    well = well && spider.well;
  }
  test::add(store, ours, outcomes);
  if (well) {
    finish(store, ours, {RunStatus::completed, {}, {}, {}});
  } else {
    finish(store, ours, {RunStatus::failed, "it failed", {}, 15min});
  }
  return ours.claim.id;
}

/** What a whole walk removes; in steps of this many runs. */
Pruned prune(RunStore& store, Duration age, int most = 500, bool dry_run = false) {
  PruneStep step;
  step.age = age;
  step.mark = store.newest_run_before(age);
  step.most = most;
  step.dry_run = dry_run;
  Pruned all;
  for (int steps = 0; !step.done; ++steps) {
    REQUIRE(steps < 100);
    const auto some = store.prune(step);
    CHECK(some.runs <= most);
    all.runs += some.runs;
    all.attempts += some.attempts;
  }
  return all;
}

/** Those of these runs that are there; each has outcomes. */
std::vector<RunId> left_of(RunStore& store, std::vector<RunId> runs) {
  std::erase_if(runs, [&](const auto id) { return store.outcomes(id).empty(); });
  return runs;
}

using Runs = std::vector<RunId>;

}  // namespace

TEST_CASE_TEMPLATE("old runs go with their attempts, in steps of any size", World, Real, Memory) {
  for (const int most : {1, 2, 3, 500}) {
    CAPTURE(most);
    World world;
    Runs runs;
    for (int i = 0; i < 6; ++i) {
      runs.push_back(add(world.a(), {{"a"}, {"b"}}));
      world.age(1h);
    }
    // Three are old; of these the newest is the mark.
    const auto pruned = prune(world.a(), 210min, most);
    CHECK(pruned.runs == 2);
    CHECK(pruned.attempts == 4);
    CHECK(left_of(world.b(), runs) == Runs{runs[2], runs[3], runs[4], runs[5]});
    CHECK(prune(world.a(), 210min, most).runs == 0);
  }
}

TEST_CASE_TEMPLATE("a dry run counts the same, and nothing goes", World, Real, Memory) {
  World world;
  Runs runs;
  for (int i = 0; i < 5; ++i) {
    runs.push_back(add(world.a(), {{"a"}, {"b"}, {"c", i != 1}}, i == 2));
    world.age(1h);
  }
  for (const int most : {1, 2, 500}) {
    const auto counted = prune(world.a(), 90min, most, true);
    CHECK(counted.runs == 2);
    CHECK(counted.attempts == 6);
  }
  CHECK(left_of(world.a(), runs) == runs);
  CHECK(prune(world.a(), 90min).runs == 2);
  CHECK(left_of(world.a(), runs) == Runs{runs[1], runs[3], runs[4]});
}

TEST_CASE_TEMPLATE("the newest success stays, and the newest run, however old", World, Real,
                   Memory) {
  World world;
  // Of spiders that are gone by now, so that nothing else keeps them.
  const auto first = add(world.a(), {{"a"}});
  world.age(1h);
  const auto success = add(world.a(), {{"a"}});
  world.age(1h);
  // These have nothing to record: nothing but their place keeps them.
  Runs failed;
  for (int i = 0; i < 3; ++i) {
    const auto lock = world.a().try_lock();
    auto ours = start(world.a(), *lock);
    finish(world.a(), ours, {RunStatus::failed, "it failed", {}, 15min});
    failed.push_back(ours.claim.id);
    world.age(1h);
  }
  // And another one by hand after them.
  (void)add(world.a(), {{"a"}}, true);
  world.age(1000h);
  CHECK(prune(world.a(), 1h).runs == 3);
  CHECK(left_of(world.a(), {first, success}) == Runs{success});
  CHECK(world.a().state().newest_success.has_value());
  CHECK(world.a().state().last->id == failed.back());
  CHECK(prune(world.a(), 1h).runs == 0);
}

TEST_CASE_TEMPLATE("of each spider the newest success and the newest failure stay", World, Real,
                   Memory) {
  World world;
  Runs runs;
  for (const auto& spiders : std::vector<std::vector<Ended>>{
           {{"a", false}, {"gone"}}, {{"a", false}, {"b"}}, {{"a"}, {"gone"}}, {{"a"}, {"b"}}}) {
    runs.push_back(add(world.a(), spiders));
    world.age(1h);
  }
  (void)add(world.a(), {{"a"}, {"b"}});
  world.age(1h);
  (void)add(world.a(), {{"a"}, {"b"}});
  CHECK(prune(world.a(), 30min).runs == 2);
  CHECK(left_of(world.a(), runs) == Runs{runs[1], runs[2]});
  CHECK(world.a().newest_failed_logs().size() == 1);
}

TEST_CASE_TEMPLATE("a run that is going on stays, and can be written to", World, Real, Memory) {
  World world(2);
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  lock->decided();
  test::add(world.a(), ours, {outcome("a", Exited{0})});
  world.age(3h);
  const auto lock_b = world.b().try_lock();
  NewRun run;
  run.partial = true;
  const auto by_hand = start(world.b(), *lock_b, run, owner(2, "server"));
  lock_b->decided();
  lock_b->release();
  world.age(3h);
  for (const auto& [store, mine] : {std::pair(&world.a(), ours), std::pair(&world.b(), by_hand)}) {
    (void)beat(*store, mine);
  }
  const auto newer = add(world.b(), {{"a"}});
  world.age(30min);
  CHECK(newer > ours.claim.id);
  CHECK(prune(world.b(), 1h).runs == 0);
  CHECK_FALSE(beat(world.a(), ours).is_new);
  CHECK_FALSE(beat(world.b(), by_hand).is_new);
}

TEST_CASE_TEMPLATE("a run that nobody has been heard of for as long goes, and its owner knows",
                   World, Real, Memory) {
  World world(2);
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  lock->decided();
  world.age(3h);
  (void)add(world.b(), {{"a"}});
  world.age(1h);
  (void)add(world.b(), {{"a"}});
  world.age(30min);
  CHECK(prune(world.b(), 2h).runs == 0);  // it is the mark
  CHECK(prune(world.b(), 1h).runs == 1);
  CHECK(beat(world.a(), ours).is_new);
}

TEST_CASE_TEMPLATE("after old runs went it is still known which ids are old", World, Real, Memory) {
  World world;
  Runs runs;
  for (int i = 0; i < 5; ++i) {
    runs.push_back(add(world.a(), {{"a"}}));
    world.age(1h);
  }
  CHECK(prune(world.a(), 90min).runs == 3);
  CHECK(world.b().newest_run_before(90min) == runs[3]);
  // As another host sees it, which was off meanwhile.
  world.age(1h);
  CHECK(world.b().newest_run_before(90min) == runs[4]);
}

TEST_CASE_TEMPLATE("nothing is old in an empty store", World, Real, Memory) {
  World world;
  CHECK(prune(world.a(), 1h).runs == 0);
}

}  // namespace spider_check::test
