#include "schedule/sentences.hpp"

#include <doctest/doctest.h>

namespace spider_check {

using namespace std::chrono_literals;

namespace {

/** 2026-11-23 16:20:01 UTC */
const TimePoint now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 16h + 20min + 1s;

Policy policy_with(Duration interval) {
  Policy policy;
  policy.interval = interval;
  return policy;
}

Run some_run() {
  Run run;
  run.id = 7;
  run.status = RunStatus::failed;
  run.started = now - 1h;
  run.heartbeat = now - 30s;
  run.attempt = 2;
  run.owner = {"laptop", "boot", 1, 4711, 99};
  return run;
}

std::string explained(Action action) {
  return explain({std::move(action), {}}, Policy{}, now, Zone("UTC"));
}

}  // namespace

TEST_CASE("rows stand behind what a spider did, or alone") {
  CHECK(with_rows("12 items, 3 pages", 240) == "12 items, 3 pages, 240 rows");
  CHECK(with_rows("", 1) == "1 row");
  CHECK(with_rows("12 items, 3 pages", {}) == "12 items, 3 pages");
}

TEST_CASE("the first line tells the interval in hours") {
  CHECK(starting(Policy{}) == "Starting scheduler with 4 hour interval");
  CHECK(starting(policy_with(1h)) == "Starting scheduler with 1 hour interval");
  CHECK(starting(policy_with(90min)) == "Starting scheduler with 1.5 hour interval");
  CHECK(starting(policy_with(30min)) == "Starting scheduler with 0.5 hour interval");
  CHECK(starting(policy_with(90 * 24h)) == "Starting scheduler with 2160 hour interval");
  CHECK(starting(policy_with(10'000 * 24h)) == "Starting scheduler with 240000 hour interval");
}

TEST_CASE("the second line tells the age of the last run with two decimals") {
  const auto line = [](Duration age, Duration interval = 4h) {
    return last_run({now, now - age}, policy_with(interval));
  };
  CHECK(line(2h) == "Last run was 2.00 hours ago (required: 4 hours)");
  CHECK(line(0s) == "Last run was 0.00 hours ago (required: 4 hours)");
  CHECK(line(4h - 1s) == "Last run was 4.00 hours ago (required: 4 hours)");
  CHECK(line(20min) == "Last run was 0.33 hours ago (required: 4 hours)");
  CHECK(line(1000h) == "Last run was 1000.00 hours ago (required: 4 hours)");
  CHECK(line(2h, 90min) == "Last run was 2.00 hours ago (required: 1.5 hours)");
}

TEST_CASE("without a success the second line says so") {
  CHECK(last_run({now, {}}, Policy{}) == "No successful run is recorded");
}

TEST_CASE("a recent run is skipped with the time that is left") {
  CHECK(explained(RecentRun{now - 1min, now + 4h - 1min}) ==
        "Recent run detected, skipping immediate execution; next run is due 2026-11-23 20:19:01 "
        "UTC (in 3 h 59 min)");
}

TEST_CASE("a due run is told in the words that monitoring greps for") {
  CHECK(explained(StartRun{false, Lateness{}}) ==
        "Time threshold met or exceeded, running spiders immediately");
}

TEST_CASE("every other decision has its own sentence") {
  CHECK(explained(Disabled{}) == "Scheduler is disabled");
  CHECK(explained(StartRun{true, {}}) == "No run is recorded, running spiders for the first time");
  CHECK(explained(StartRun{false, {}}) == "Running spiders now, as --force asks");
  CHECK(explained(AlreadyRunning{some_run()}) ==
        "Already running on laptop, pid 4711, since 2026-11-23 15:20:01 UTC");
  const std::string waits =
      "Run 7 belongs to laptop, pid 4711, which may be reconnecting (last heard of 30 s ago)";
  CHECK(explained(OwnerMayReturn{some_run(), false, {}}) == waits);
  CHECK(explained(OwnerMayReturn{some_run(), true, {}}) == waits + "; its process is alive");
  CHECK(explained(OwnerMayReturn{some_run(), false, now + 90s}) ==
        waits + "; its spiders may still be running until 2026-11-23 16:21:31 UTC (in 1 min 30 s)");
  CHECK(explained(RetryRun{some_run()}) ==
        "Retrying run 7 (attempt 3 of 3): only the spiders that have not succeeded in it");
  CHECK(explained(WaitsForRetry{some_run(), now + 15min, true}) ==
        "Retry of failed run 7 is due 2026-11-23 16:35:01 UTC (in 15 min), attempt 3 of 3");
  CHECK(explained(WaitsForRetry{some_run(), now + 3h, false}) ==
        "No attempts left for failed run 7; next run is due 2026-11-23 19:20:01 UTC (in 3 h)");
}

TEST_CASE("a run that waits for its retry says why it failed, on one line") {
  auto run = some_run();
  run.failure = "1 of 3 spiders failed\n(a)";
  CHECK(explained(WaitsForRetry{run, now + 15min, true}) ==
        "Retry of failed run 7 (1 of 3 spiders failed\\n(a)) is due 2026-11-23 16:35:01 UTC (in 15 "
        "min), attempt 3 of 3");
  CHECK(explained(WaitsForRetry{run, now + 3h, false}) ==
        "No attempts left for failed run 7 (1 of 3 spiders failed\\n(a)); next run is due "
        "2026-11-23 19:20:01 UTC (in 3 h)");
}

TEST_CASE("an owner that nobody knows is told in words, a hostile host's name escaped") {
  CHECK(name_owner("laptop", 7) == "laptop, pid 7");
  CHECK(name_owner("", 7) == "an unknown process");
  CHECK(name_owner("\x1b[2J", 7) == "\\x1b[2J, pid 7");
}

TEST_CASE("lateness is told from a minute on") {
  CHECK(explain(Lateness{0s, 0}).empty());
  CHECK(explain(Lateness{1min - 1us, 0}).empty());
  CHECK(explain(Lateness{1min, 0}) == "This run is 1 min late");
  CHECK(explain(Lateness{4h, 1}) == "This run is 4 h late; 1 interval was missed");
  CHECK(explain(Lateness{8h, 2}) == "This run is 8 h late; 2 intervals were missed");
  CHECK(explain(Lateness{17h, 4}) == "This run is 17 h late; 4 intervals were missed");
}

TEST_CASE("an interruption names the process that is gone") {
  auto run = some_run();
  CHECK(interruption(run) == "interrupted: laptop, pid 4711 is gone");
  run.power_cut = true;
  CHECK(interruption(run) == "interrupted: laptop was switched off, or lost its power");
}

TEST_CASE("an instant that has come is now") {
  CHECK(when(now - 1h, now, Zone("UTC")) == "now");
  CHECK(when(now, now, Zone("UTC")) == "now");
  CHECK(when(now + 90s, now, Zone("America/Bogota")) == "2026-11-23 11:21:31 -05 (in 1 min 30 s)");
}

}  // namespace spider_check
