// What monitoring is told of a schedule: how it is judged, and the plugin's line.
#include "report/health.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "report/monitoring.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

const TimePoint now{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 16h};

Run run_started(Duration ago, RunStatus status) {
  Run run;
  run.id = 7;
  run.status = status;
  run.started = now - ago;
  run.heartbeat = now - 10s;
  run.owner = {"laptop", "boot", 1, 4711, 99};
  if (status == RunStatus::running) run.lock_held = true;
  return run;
}

SpiderSummary spider(const std::string& name, Verdict verdict, const Words& reasons = {}) {
  SpiderSummary summary;
  summary.name = name;
  summary.last.outcome.spider = name;
  summary.last.outcome.judgement = {verdict, reasons};
  return summary;
}

/** A schedule whose newest run started this long ago, and whose newest success did. */
struct World {
  World(std::optional<Run> last, std::optional<Duration> success_ago) {
    report.schedule = "default";
    report.state.now = now;
    report.state.last = std::move(last);
    if (success_ago) report.state.newest_success = now - *success_ago;
    report.spiders = {spider("news", Verdict::ok), spider("prices", Verdict::ok)};
  }

  Health judge(Duration max_age = 5h) {
    report.decision = decide(report.state, report.policy, {}, statuses);
    return judge_health(report, max_age);
  }

  std::string line() { return health_line(report, judge()); }

  StatusReport report;
  OwnerStatuses statuses;
};

World fresh() {
  return {run_started(1h, RunStatus::completed), 1h};
}

}  // namespace

TEST_CASE("data is stale some time after it was due") {
  Policy policy;
  CHECK(default_max_age(policy) == 5h);
  policy.interval = 24h;
  CHECK(default_max_age(policy) == 30h);
  policy.interval = 10min;
  CHECK(default_max_age(policy) == 25min);
}

TEST_CASE("a fresh schedule is fine") {
  CHECK(fresh().judge().level == HealthLevel::ok);
  CHECK(fresh().judge().reasons.empty());
  CHECK(fresh().line() ==
        "SPIDER-CHECK OK - default: the data is 1 h old, 2 spiders ok | age=3600s;;18000;0 "
        "failed_runs=0;0;1;0 spiders=2;;;0 degraded=0;0;;0 failed=0;0;;0\n");
}

TEST_CASE("data older than the limit is critical, and exactly as old is not") {
  World world(run_started(5h, RunStatus::completed), 5h);
  CHECK(world.judge().level == HealthLevel::ok);
  CHECK(world.judge(5h - 1us).level == HealthLevel::critical);
  World stale(run_started(6h, RunStatus::completed), 6h);
  CHECK(stale.judge().reasons == Words{"data is 6 h old (limit 5h)"});
  CHECK(stale.judge(6h).level == HealthLevel::ok);
}

TEST_CASE("stale data that a run is about to mend is a warning") {
  World world(run_started(30min, RunStatus::running), 9h);
  CHECK(world.judge().level == HealthLevel::warning);
  CHECK(world.judge().reasons ==
        Words{"data is 9 h old (limit 5h); run 7 on laptop, pid 4711, goes on"});
  SUBCASE("but not when the run is too old itself") {
    world.report.state.last = run_started(5h + 1s, RunStatus::running);
    CHECK(world.judge().level == HealthLevel::critical);
  }
  SUBCASE("nor when it is silent") {
    world.report.state.last->heartbeat = now - 6min;
    CHECK(world.judge().level == HealthLevel::critical);
    CHECK(world.judge().reasons.back() ==
          "run 7 on laptop, pid 4711, goes on, but has been silent for 6 min");
  }
  SUBCASE("nor when two runs before it failed") {
    world.report.failed_runs = 1;
    CHECK(world.judge().level == HealthLevel::warning);
    world.report.failed_runs = 2;
    CHECK(world.judge().level == HealthLevel::critical);
  }
  SUBCASE("nor when its process is gone") {
    world.report.state.last->lock_held = false;
    world.statuses.last = OwnerStatus::gone;
    CHECK(world.judge().level == HealthLevel::critical);
    CHECK(world.judge().reasons.back() == "run 7 on laptop, pid 4711, was interrupted");
  }
  SUBCASE("nor when it is some spiders only") {
    world.report.state.last = run_started(9h, RunStatus::completed);
    world.report.state.partial = run_started(1min, RunStatus::running);
    CHECK(world.judge().level == HealthLevel::critical);
  }
}

TEST_CASE("a schedule that never succeeded is critical once something is recorded") {
  World world(run_started(1h, RunStatus::failed), {});
  CHECK(world.judge().level == HealthLevel::critical);
  CHECK(world.judge().reasons.front() == "never succeeded");
  CHECK(world.line().find(" | age=U;;18000;0 ") != std::string::npos);
  World first(run_started(1min, RunStatus::running), {});
  CHECK(first.judge().level == HealthLevel::warning);
  World empty({}, {});
  CHECK(empty.judge().level == HealthLevel::warning);
  CHECK(empty.judge().reasons == Words{"no run is recorded yet"});
}

TEST_CASE("a failed run is a warning while it has attempts left, and then critical") {
  World world(run_started(1h, RunStatus::failed), 4h + 30min);
  world.report.failed_runs = 1;
  world.report.state.last->attempt = 2;
  world.report.state.last->failure = "1 of 2 spiders failed (news)";
  CHECK(world.judge().level == HealthLevel::warning);
  CHECK(world.judge().reasons ==
        Words{"run 7 failed, attempt 2 of 3: 1 of 2 spiders failed (news)"});
  world.report.state.last->next_attempt = world.report.state.now + 3h;
  CHECK(world.judge().level == HealthLevel::critical);
  world.report.state.last->next_attempt.reset();
  world.report.state.last->attempt = 3;
  CHECK(world.judge().level == HealthLevel::critical);
}

TEST_CASE("a second run in a row that fails is critical, also while the next one goes on") {
  World world(run_started(1h, RunStatus::running), 4h + 30min);
  world.report.failed_runs = 1;
  CHECK(world.judge().level == HealthLevel::ok);
  world.report.failed_runs = 2;
  CHECK(world.judge().level == HealthLevel::critical);
  CHECK(world.judge().reasons == Words{"2 runs in a row failed"});
}

TEST_CASE("what a person should look at is a warning") {
  auto world = fresh();
  SUBCASE("a degraded spider") {
    world.report.spiders[0] = spider("news", Verdict::degraded, {"12 items", "and more"});
    CHECK(world.judge().reasons == Words{"spider 'news' is degraded: 12 items"});
  }
  SUBCASE("a failed spider") {
    world.report.spiders[0] = spider("news", Verdict::failed, {"exit status 1"});
    CHECK(world.judge().reasons == Words{"spider 'news' failed: exit status 1"});
  }
  SUBCASE("a partial run that says nothing") {
    world.report.state.partial = run_started(1h, RunStatus::running);
    world.report.state.partial->heartbeat = now - 6min;
    CHECK(world.judge().reasons ==
          Words{"run 7 on laptop, pid 4711, goes on, but has been silent for 6 min"});
  }
  SUBCASE("a run whose owner may return") {
    world.report.state.last = run_started(1h, RunStatus::running);
    world.report.state.last->lock_held = false;
    world.report.state.newest_success = now - 4h - 30min;
    CHECK(world.judge().reasons ==
          Words{"run 7 on laptop, pid 4711, has lost its connection and may be gone"});
    world.statuses.last_until = now + 90s;
    CHECK(
        world.judge().reasons ==
        Words{"run 7 on laptop, pid 4711, has lost its connection and may be gone; its spiders may "
              "still be running for 1 min 30 s"});
    world.statuses.last = OwnerStatus::alive;
    CHECK(world.judge().reasons ==
          Words{"run 7 on laptop, pid 4711, is alive, but has lost its connection"});
  }
  SUBCASE("runs of the future") {
    world.report.state.future_runs = 2;
    CHECK(world.judge().reasons == Words{"2 run(s) start in the future of the database's clock"});
  }
  SUBCASE("a schedule that is switched off, whatever else is wrong with it") {
    world.report.policy.enabled = false;
    CHECK(world.judge().reasons == Words{"the scheduler is disabled (enabled = false)"});
    world.report.state.newest_success = now - 9h;
    world.report.failed_runs = 3;
    CHECK(world.judge().reasons.size() == 3);
  }
  CHECK(world.judge().level == HealthLevel::warning);
}

TEST_CASE("the gravest reason comes first") {
  World world(run_started(9h, RunStatus::completed), 9h);
  world.report.spiders[0] = spider("news", Verdict::degraded, {"12 items"});
  world.report.state.future_runs = 1;
  CHECK(world.line() ==
        "SPIDER-CHECK CRITICAL - default: data is 9 h old (limit 5h); spider "
        "'news' is degraded: 12 items; 1 run(s) start in the future of the database's clock | "
        "age=32400s;;18000;0 failed_runs=0;0;1;0 spiders=2;;;0 degraded=1;0;;0 failed=0;0;;0\n");
}

TEST_CASE("whatever a name holds, the line is one, and no part of it looks like figures") {
  auto world = fresh();
  world.report.schedule = "a|b\nc";
  world.report.spiders[0] = spider("\x1b[31m|age=0", Verdict::degraded, {"x\ny"});
  CHECK(world.line().substr(0, 80) ==
        "SPIDER-CHECK WARNING - a/b\\nc: spider '\\x1b[31m/age=0' is degraded: x\\ny | age=3");
  CHECK(unknown_health_line("a|b\n") == "SPIDER-CHECK UNKNOWN - a/b\\n\n");
}

TEST_CASE("a long line is cut between characters, and its figures stay whole") {
  auto world = fresh();
  for (int i = 0; i < 2000; ++i) world.report.schedule += "ö";
  const auto line = world.line();
  CHECK(line.size() < 900);
  CHECK(line.find("ö… | age=3600s;;18000;0 failed_runs=0;0;1;0 spiders=2;;;0 ") !=
        std::string::npos);
}

}  // namespace spider_check
