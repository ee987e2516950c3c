#include <chrono>

#include <doctest/doctest.h>

#include "schedule/decide.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

const TimePoint now{std::chrono::hours(500'000)};

Run run_started(Duration ago, RunStatus status) {
  Run run;
  run.id = 7;
  run.status = status;
  run.started = now - ago;
  run.heartbeat = run.started;
  run.spider_count = 3;
  run.owner = {"laptop", "boot", 1, 4711, 99};
  return run;
}

/** A state whose newest success started this long ago and is the last run. */
State succeeded(Duration ago) {
  State state;
  state.now = now;
  state.newest_success = now - ago;
  state.last = run_started(ago, RunStatus::completed);
  return state;
}

/** A last run that is not completed, with an older success. */
State last_is(Run run, Duration success_ago = 24h) {
  State state;
  state.now = now;
  state.newest_success = now - success_ago;
  state.last = std::move(run);
  return state;
}

Decision decide_with(const State& state, OwnerStatus fate = OwnerStatus::unknown,
                     const Policy& policy = {}) {
  return decide(state, policy, {}, {fate, fate});
}

template <typename T>
const T* as(const Decision& decision) {
  return std::get_if<T>(&decision.action);
}

}  // namespace

TEST_CASE("no row at all runs for the first time") {
  const auto decision = decide_with({now, {}, {}, {}, 1, 0, {}});
  REQUIRE(as<StartRun>(decision));
  CHECK(as<StartRun>(decision)->first);
  CHECK_FALSE(as<StartRun>(decision)->lateness.has_value());
}

TEST_CASE("a success is recent strictly less than the interval ago") {
  CHECK(as<RecentRun>(decide_with(succeeded(2h))));
  CHECK(as<RecentRun>(decide_with(succeeded(4h - 100ms))));
  CHECK(as<RecentRun>(decide_with(succeeded(4h - 1us))));
  CHECK(as<StartRun>(decide_with(succeeded(4h))));
  CHECK(as<StartRun>(decide_with(succeeded(8h))));
}

TEST_CASE("a skip says when the next run is due") {
  const auto decision = decide_with(succeeded(1h));
  REQUIRE(as<RecentRun>(decision));
  CHECK(as<RecentRun>(decision)->due == now + 3h);
  CHECK(as<RecentRun>(decision)->last_success == now - 1h);
}

TEST_CASE("the slack makes a run due earlier by exactly that much") {
  Policy policy;
  policy.slack = 5min;
  CHECK(as<RecentRun>(decide_with(succeeded(4h - 5min - 1us), {}, policy)));
  CHECK(as<StartRun>(decide_with(succeeded(4h - 5min), {}, policy)));
}

TEST_CASE("a disabled schedule skips, whatever is due") {
  Policy policy;
  policy.enabled = false;
  CHECK(as<Disabled>(decide_with(succeeded(8h), {}, policy)));
  CHECK(as<Disabled>(decide_with({now, {}, {}, {}, 1, 0, {}}, {}, policy)));
}

TEST_CASE("force runs in spite of a recent success, a disabled schedule and a backoff") {
  Policy policy;
  policy.enabled = false;
  auto failed = run_started(1min, RunStatus::failed);
  failed.next_attempt = now + 1h;
  for (const auto& state : {succeeded(1min), last_is(failed)}) {
    const auto decision = decide(state, policy, {true, {}}, {});
    REQUIRE(as<StartRun>(decision));
    CHECK_FALSE(as<StartRun>(decision)->lateness.has_value());
    CHECK_FALSE(as<StartRun>(decision)->first);
  }
}

TEST_CASE("lateness counts from the moment that the run was due") {
  struct Row {
    Duration age;
    Duration late;
    int missed;
  };

  for (const auto& row : {Row{4h, 0s, 0}, Row{5h, 1h, 0}, Row{8h - 1us, 4h - 1us, 0},
                          Row{8h, 4h, 1}, Row{21h, 17h, 4}}) {
    const auto decision = decide_with(succeeded(row.age));
    REQUIRE(as<StartRun>(decision));
    CHECK(as<StartRun>(decision)->lateness == Lateness{row.late, row.missed});
  }
}

TEST_CASE("a run that failed was there: only what came after it is late") {
  const auto decision = decide_with(last_is(run_started(5h, RunStatus::failed), 40h));
  REQUIRE(as<StartRun>(decision));
  CHECK(as<StartRun>(decision)->lateness == Lateness{1h, 0});
}

TEST_CASE("a running run whose lock is held holds others back while it is young") {
  auto run = run_started(1h, RunStatus::running);
  run.lock_held = true;
  auto state = last_is(run);
  state.free_slots = 0;
  const auto decision = decide_with(state);
  REQUIRE(as<AlreadyRunning>(decision));
  CHECK(as<AlreadyRunning>(decision)->run.owner.host == "laptop");
  CHECK(decision.interrupted.empty());
  state.free_slots = 1;
  CHECK(as<AlreadyRunning>(decide_with(state)));
}

TEST_CASE("a running run older than the interval leaves a free slot to a second instance") {
  auto run = run_started(5h, RunStatus::running);
  run.lock_held = true;
  auto state = last_is(run);
  state.free_slots = 0;
  CHECK(as<AlreadyRunning>(decide_with(state)));
  state.free_slots = 1;
  CHECK(as<StartRun>(decide_with(state)));
}

TEST_CASE("an interrupted run is marked and finished at once as the same run") {
  const auto decision =
      decide_with(last_is(run_started(1h, RunStatus::running)), OwnerStatus::gone);
  REQUIRE(decision.interrupted.size() == 1);
  CHECK(decision.interrupted[0].id == 7);
  REQUIRE(as<RetryRun>(decision));
  CHECK(as<RetryRun>(decision)->run.id == 7);
}

TEST_CASE("an interrupted run older than the interval is marked, and a new run starts") {
  const auto decision =
      decide_with(last_is(run_started(4h, RunStatus::running)), OwnerStatus::gone);
  CHECK(decision.interrupted.size() == 1);
  CHECK(as<StartRun>(decision));
}

TEST_CASE("an interruption counts as an attempt, so that it cannot loop") {
  auto run = run_started(1h, RunStatus::running);
  run.attempt = 3;
  const auto decision = decide_with(last_is(run), OwnerStatus::gone);
  CHECK(decision.interrupted.size() == 1);
  REQUIRE(as<WaitsForRetry>(decision));
  CHECK_FALSE(as<WaitsForRetry>(decision)->attempts_left);
  CHECK(as<WaitsForRetry>(decision)->until == now + 3h);
}

TEST_CASE("a run whose owner may return is left alone, however old it is") {
  for (const auto fate : {OwnerStatus::alive, OwnerStatus::unknown}) {
    for (const Duration age : {Duration(1min), Duration(9h)}) {
      const auto decision = decide_with(last_is(run_started(age, RunStatus::running)), fate);
      CHECK(as<OwnerMayReturn>(decision));
      CHECK(decision.interrupted.empty());
    }
  }
}

TEST_CASE("force passes by no owner that is not gone for certain") {
  auto state = last_is(run_started(1h, RunStatus::running));
  for (const auto fate : {OwnerStatus::alive, OwnerStatus::unknown}) {
    const auto held = decide(state, {}, {true, {}}, {fate, {}, now + 3min});
    REQUIRE(as<OwnerMayReturn>(held));
    CHECK(as<OwnerMayReturn>(held)->alive == (fate == OwnerStatus::alive));
    CHECK(as<OwnerMayReturn>(held)->until == now + 3min);
    CHECK(held.interrupted.empty());
    auto by_hand = succeeded(8h);
    by_hand.partial = run_started(1min, RunStatus::running);
    by_hand.partial->partial = true;
    by_hand.free_slots = 2;
    const auto partly = decide(by_hand, {}, {true, {}}, {OwnerStatus::gone, fate, {}, now + 1min});
    REQUIRE(as<OwnerMayReturn>(partly));
    CHECK(as<OwnerMayReturn>(partly)->until == now + 1min);
  }
  const auto decision = decide(state, {}, {true, {}}, {OwnerStatus::gone, {}});
  CHECK(as<StartRun>(decision));
  CHECK(decision.interrupted.size() == 1);
}

TEST_CASE("a failed run is retried once its backoff is over") {
  auto run = run_started(20min, RunStatus::failed);
  run.next_attempt = now;
  CHECK(as<RetryRun>(decide_with(last_is(run))));
  run.next_attempt = now + 1us;
  const auto decision = decide_with(last_is(run));
  REQUIRE(as<WaitsForRetry>(decision));
  CHECK(as<WaitsForRetry>(decision)->until == now + 1us);
  CHECK(as<WaitsForRetry>(decision)->attempts_left);
}

TEST_CASE("a failed row of an earlier program waits retry_after from its last write") {
  auto run = run_started(20min, RunStatus::failed);
  run.heartbeat = now - 15min;
  CHECK(as<RetryRun>(decide_with(last_is(run))));
  run.heartbeat = now - 14min;
  CHECK(as<WaitsForRetry>(decide_with(last_is(run))));
}

TEST_CASE("without attempts left nothing runs until the interval is over") {
  auto run = run_started(1h, RunStatus::failed);
  run.attempt = 3;
  run.next_attempt = now - 1min;
  const auto decision = decide_with(last_is(run));
  REQUIRE(as<WaitsForRetry>(decision));
  CHECK(as<WaitsForRetry>(decision)->until == now + 3h);
  run.started = now - 4h;
  CHECK(as<StartRun>(decide_with(last_is(run))));
}

TEST_CASE("an attempt that would come after the next run is none that is left") {
  auto run = run_started(1h, RunStatus::failed);
  run.attempt = 2;
  const auto latest = now + 3h - 5min;  // for a tick in between
  for (const auto& [retry, until] : {std::pair(latest, latest), {latest + 1us, now + 3h}}) {
    run.next_attempt = retry;
    const auto decision = decide_with(last_is(run));
    REQUIRE(as<WaitsForRetry>(decision));
    CHECK(as<WaitsForRetry>(decision)->attempts_left == (retry == latest));
    CHECK(as<WaitsForRetry>(decision)->until == until);
  }
}

TEST_CASE("a tick that comes in between makes an attempt that nobody expected") {
  auto run = run_started(4h - 2min, RunStatus::failed);
  run.attempt = 2;
  run.next_attempt = now;
  CHECK(as<RetryRun>(decide_with(last_is(run))));
}

TEST_CASE("how long to wait after a failure, where there is time for another attempt") {
  Policy policy;
  policy.interval = 1h;
  policy.slack = 1min;
  CHECK(retry_after(1, 5min, policy) == 15min);
  CHECK(retry_after(2, 24min, policy) == 30min);
  CHECK_FALSE(retry_after(2, 24min + 1us, policy));
  CHECK_FALSE(retry_after(3, 5min, policy));
}

TEST_CASE("a recent success wins over a newer failure") {
  CHECK(as<RecentRun>(decide_with(last_is(run_started(1min, RunStatus::failed), 1h))));
}

TEST_CASE("a partial run in progress holds a due tick back") {
  auto state = succeeded(8h);
  state.partial = run_started(1min, RunStatus::running);
  state.partial->partial = true;
  state.partial->lock_held = true;
  state.free_slots = 0;
  CHECK(as<AlreadyRunning>(decide_with(state)));
}

TEST_CASE("an interrupted partial run is marked and never retried") {
  auto state = succeeded(8h);
  state.partial = run_started(1min, RunStatus::running);
  state.partial->partial = true;
  state.partial->id = 8;
  const auto decision = decide(state, {}, {}, {OwnerStatus::unknown, OwnerStatus::gone});
  REQUIRE(decision.interrupted.size() == 1);
  CHECK(decision.interrupted[0].id == 8);
  CHECK(as<StartRun>(decision));
}

TEST_CASE("two interrupted runs are both marked") {
  auto state = last_is(run_started(1h, RunStatus::running));
  state.partial = run_started(1min, RunStatus::running);
  state.partial->partial = true;
  const auto decision = decide_with(state, OwnerStatus::gone);
  CHECK(decision.interrupted.size() == 2);
  CHECK(as<RetryRun>(decision));
}

TEST_CASE("the glance decides as the whole decision does") {
  for (const Duration age : {Duration(0), Duration(2h), Duration(4h - 1us), Duration(4h)}) {
    const auto state = succeeded(age);
    const auto latest_success = decide_quick(state.now, state.newest_success, {}, {});
    CHECK(latest_success.has_value() == !runs_spiders(decide_with(state)));
  }
}

TEST_CASE("the backoff doubles and ends at the interval") {
  const Policy policy;
  CHECK(backoff(policy, 1) == 15min);
  CHECK(backoff(policy, 2) == 30min);
  CHECK(backoff(policy, 3) == 1h);
  CHECK(backoff(policy, 5) == 4h);
  CHECK(backoff(policy, 1000) == 4h);
  Policy none;
  none.retry_after = 0s;
  CHECK(backoff(none, 9) == 0s);
}

}  // namespace spider_check
