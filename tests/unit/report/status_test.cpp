// What `status` shows for people and for programs, held against tests/golden; see golden.hpp for
// how to accept a change.
#include "report/status.hpp"

#include <string>

#include <doctest/doctest.h>

#include "golden/golden.hpp"
#include "report/health.hpp"
#include "run/verdict.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

/** 2026-11-23 16:20:01.123 UTC */
const TimePoint now =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 16h + 20min + 1s + 123ms;

const Owner laptop{"laptop", "boot", 1, 4711, 99};

Run run_started(Duration ago, RunStatus status) {
  Run run;
  run.id = 7;
  run.status = status;
  run.started = now - ago;
  run.heartbeat = run.started + 10min;
  run.spider_count = 3;
  run.owner = laptop;
  if (status != RunStatus::running) run.finished = run.heartbeat;
  return run;
}

RecordedOutcome outcome(const std::string& spider, const Termination& end, int attempt = 1) {
  SpiderOutcome outcome;
  outcome.spider = spider;
  outcome.child.termination = end;
  outcome.child.took = 83s + 250ms;
  outcome.child.cpu_time = 12s + 345678us;
  outcome.child.peak_memory = 96 * 1024 * 1024;
  outcome.judgement = judge(outcome.child);
  outcome.log = "/var/log/spider-check/default/" + spider + "/run-7-attempt-1.log";
  return {outcome, attempt, now - 50min};
}

/** A report with the decision that a tick would take. */
StatusReport report_of(State state, const Policy& policy = {}, const OwnerStatuses& statuses = {}) {
  StatusReport report;
  report.schedule = "default";
  report.policy = policy;
  report.decision = decide(state, policy, {}, statuses);
  report.state = std::move(state);
  return report;
}

State empty_state() {
  State state;
  state.now = now;
  return state;
}

/** The newest run started this long ago, and a success is older. */
State state_with(Run last, Duration success_ago) {
  auto state = empty_state();
  state.newest_success = now - success_ago;
  state.last = std::move(last);
  return state;
}

void check(const std::string& name, const StatusReport& report) {
  const Zone zone("America/Bogota");
  test::check_golden("status-" + name + ".txt", status_text(report, zone));
  test::check_golden("status-" + name + ".json", status_json(report, zone));
}

}  // namespace

TEST_CASE("status of a schedule that never ran") {
  check("never", report_of(empty_state()));
}

TEST_CASE("status of fresh data") {
  auto report = report_of(state_with(run_started(1h, RunStatus::completed), 1h));
  report.outcomes = {outcome("listing", Exited{0}), outcome("news", Exited{0})};
  check("fresh", report);
}

TEST_CASE("status of crawls, one of them degraded") {
  auto report = report_of(state_with(run_started(1h, RunStatus::completed), 1h));
  report.outcomes = {outcome("listing", Exited{0}), outcome("news", Exited{0})};
  auto& listing = report.outcomes[0].outcome;
  listing.crawl.emplace();
  listing.crawl->progress = {240, 31, 0};
  auto& news = report.outcomes[1].outcome;
  news.crawl.emplace();
  news.crawl->progress = {12, 1, 3};
  news.judgement = {Verdict::degraded, {"12 items, median of the last 20 good runs is 240"}};
  check("crawls", report);
}

TEST_CASE("status of data as old as the interval") {
  check("due", report_of(state_with(run_started(4h, RunStatus::completed), 4h)));
}

TEST_CASE("status of a second attempt that lists its spiders says so") {
  auto run = run_started(90s, RunStatus::running);
  run.lock_held = true;
  run.attempt = 2;
  run.spider_count = 0;
  auto state = state_with(run, 5h);
  state.free_slots = 0;
  const auto text = status_text(report_of(state), Zone("UTC"));
  CHECK(text.find("(1 min 30 s ago), in attempt 2\n") != std::string::npos);
  CHECK(text.find("            its spiders are being listed, attempt 2 of 3\n") !=
        std::string::npos);
}

TEST_CASE("status of a run that was stopped, on a narrow terminal in colour") {
  auto run = run_started(1h, RunStatus::failed);
  run.failure = "interrupted by SIGINT";
  run.next_attempt = now;
  auto report = report_of(state_with(run, 5h));
  auto stopped = outcome("news", Signaled{15});
  stopped.outcome.judgement = {Verdict::failed, {"stopped before its end: killed by SIGTERM"}};
  report.outcomes = {outcome("listing", Exited{0}), stopped};
  report.failed_runs = 0;
  const auto text = status_text(report, Zone("UTC"), {60, true});
  CHECK(text.find("Last run    run 7 stopped, started ") != std::string::npos);
  CHECK(text.find("  listing  \x1b[32mok\x1b[0m        1 min 23 s\n") != std::string::npos);
  CHECK(text.find("  news     \x1b[33mstopped\x1b[0m   1 min 23 s") != std::string::npos);
  CHECK(text.find("\x1b[31mstale\x1b[0m: the data") != std::string::npos);
  CHECK(text.find("failed") == std::string::npos);
}

TEST_CASE("status while a run goes on") {
  auto run = run_started(90s, RunStatus::running);
  run.heartbeat = now - 5s;
  run.lock_held = true;
  auto state = state_with(run, 5h);
  state.free_slots = 0;
  auto report = report_of(state);
  report.outcomes = {outcome("listing", Exited{0})};
  check("running", report);
}

TEST_CASE("status while a partial run goes on") {
  auto partial = run_started(90s, RunStatus::running);
  partial.id = 8;
  partial.partial = true;
  partial.heartbeat = now - 5s;
  partial.lock_held = true;
  auto state = state_with(run_started(1h, RunStatus::completed), 1h);
  state.partial = partial;
  check("partial", report_of(state));
}

TEST_CASE("status of a failed run that waits for its retry") {
  auto run = run_started(1h, RunStatus::failed);
  run.attempt = 2;
  run.failure = "2 of 3 spiders failed (news, prices)";
  run.next_attempt = now + 10min;
  auto report = report_of(state_with(run, 5h));
  report.outcomes = {outcome("listing", Exited{0}), outcome("news", Exited{3}, 2),
                     outcome("prices", Signaled{9, true}, 2)};
  check("failed", report);
}

TEST_CASE("status as the journal has it, while the database is away") {
  auto run = run_started(1h, RunStatus::completed);
  run.id = 0;
  auto report = report_of(state_with(run, 1h));
  report.database_away = true;
  report.waiting = 1;
  report.journal = "/var/lib/spider-check/journal/default";
  const Zone zone("America/Bogota");
  test::check_golden("status-away.txt", status_text(report, zone));
}

TEST_CASE("status with attempts that the database does not know of yet") {
  auto report = report_of(state_with(run_started(1h, RunStatus::completed), 1h));
  report.waiting = 2;
  report.journal = "/var/lib/spider-check/journal/default";
  check("waiting", report);
}

TEST_CASE("status of a failed run without attempts left") {
  auto run = run_started(1h, RunStatus::failed);
  run.attempt = 3;
  run.spider_count = 1;
  run.failure = "1 of 1 spiders failed (news)";
  auto report = report_of(state_with(run, 5h));
  report.outcomes = {outcome("news", NotStarted{"cannot execute /srv/news: Permission denied"}, 3)};
  check("exhausted", report);
}

TEST_CASE("status of a run whose process is gone") {
  const OwnerStatuses statuses{OwnerStatus::gone, OwnerStatus::unknown};
  check("interrupted",
        report_of(state_with(run_started(1h, RunStatus::running), 5h), {}, statuses));
}

TEST_CASE("status of a run whose owner may be reconnecting") {
  const OwnerStatuses statuses{OwnerStatus::unknown, OwnerStatus::unknown, now + 90s};
  check("reconnecting",
        report_of(state_with(run_started(1h, RunStatus::running), 5h), {}, statuses));
}

TEST_CASE("status of a run whose process lives and has lost its connection") {
  const OwnerStatuses statuses{OwnerStatus::alive, OwnerStatus::unknown};
  check("disconnected",
        report_of(state_with(run_started(1h, RunStatus::running), 5h), {}, statuses));
}

TEST_CASE("status of a disabled schedule") {
  Policy policy;
  policy.enabled = false;
  check("disabled", report_of(state_with(run_started(9h, RunStatus::completed), 9h), policy));
}

TEST_CASE("status with runs that start in the future of the database's clock") {
  auto state = state_with(run_started(1h, RunStatus::completed), 1h);
  state.future_runs = 2;
  check("future", report_of(state));
}

TEST_CASE("status with names that would break a terminal or a parser") {
  auto run = run_started(1h, RunStatus::failed);
  run.failure = "\x1b[2J\"quoted\" \\ and\na second line";
  run.owner.host = "evil\thost";
  auto report = report_of(state_with(run, 5h));
  report.schedule = "a\nb";
  report.outcomes = {outcome("\x1b[31mred", Exited{1}), outcome("größe", Exited{0}),
                     outcome("not UTF-8: \xff", Exited{0}),
                     outcome("a name that is far longer than the column for names", Exited{0})};
  // Log paths hold escaped names only.
  for (auto& recorded : report.outcomes) recorded.outcome.log = "/var/log/x.log";
  check("hostile", report);
}

TEST_CASE("what is due next is told where it is known") {
  const auto due = [](Action action) {
    StatusReport report;
    report.state.now = now;
    report.decision.action = std::move(action);
    return next_due(report);
  };
  CHECK(due(RecentRun{now - 1h, now + 3h}) == now + 3h);
  CHECK(due(WaitsForRetry{{}, now + 1min, true}) == now + 1min);
  CHECK(due(StartRun{}) == now);
  CHECK(due(RetryRun{}) == now);
  CHECK_FALSE(due(Disabled{}).has_value());
  CHECK_FALSE(due(AlreadyRunning{}).has_value());
  CHECK_FALSE(due(OwnerMayReturn{}).has_value());
}

}  // namespace spider_check
