// What `history`, `show` and the table of spiders say, held against tests/golden.
#include "report/history.hpp"

#include <doctest/doctest.h>

#include "golden/golden.hpp"
#include "report/status.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

/** 2026-11-23 16:20:01.123 UTC */
const TimePoint now =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 16h + 20min + 1s + 123ms;

RunRecord record(RunId id, Duration ago, RunStatus status) {
  RunRecord record;
  record.run.id = id;
  record.run.uuid = "6e9b2a3c-0000-4000-8000-00000000000" + std::to_string(id % 10);
  record.run.status = status;
  record.run.started = now - ago;
  if (status != RunStatus::running) record.run.finished = now - ago + 12min + 5s;
  record.run.spider_count = 3;
  record.run.owner = {"laptop", "boot", 1, 4711, 99};
  record.trigger = Trigger::tick;
  record.ok = 3;
  record.items = 1240;
  return record;
}

RunRecord failed_run() {
  auto failed = record(16, 9h, RunStatus::failed);
  failed.run.attempt = 3;
  failed.run.failure = "1 of 3 spiders failed (news)";
  failed.run.next_attempt = now + 5min;
  failed.ok = 1;
  failed.degraded = failed.failed = 1;
  failed.late = 6h + 2min;
  failed.missed_intervals = 1;
  failed.faults = {"a spider that used to be listed is gone: jobs"};
  failed.delays = {{DelayCause::off, 6h + 2min, 2min, ""},
                   {DelayCause::deferred, 2min, 0s, "precheck `nm-online` exited with 1"}};
  return failed;
}

RunRecord small_run() {
  auto forced = record(15, 20h, RunStatus::completed);
  forced.trigger = Trigger::force;
  forced.run.partial = true;
  forced.items = 1;
  forced.ok = 1;
  return forced;
}

/** Of every cause one. */
std::vector<Gap> gaps() {
  return {{now - 1h, now, DelayCause::database_away, "", true},
          {now - 9h, now - 2h, DelayCause::failing, "1 of 3 spiders failed (news)", false},
          {now - 15h, now - 9h, DelayCause::off, "", false},
          {now - 30h, now - 28h, DelayCause::suspended, "", false},
          {now - 32h, now - 31h, DelayCause::disabled, "", false},
          {now - 34h, now - 33h, DelayCause::deferred, "precheck `x` exited with 1", false},
          {now - 36h, now - 35h, DelayCause::unknown, "", false}};
}

HistoryReport history() {
  return {"default",
          now,
          now - 48h,
          {record(18, 5min, RunStatus::running), record(17, 2h, RunStatus::completed), failed_run(),
           small_run()},
          gaps(),
          true};
}

void check(const std::string& name, const HistoryReport& report) {
  const Zone zone("America/Bogota");
  check_golden("history-" + name + ".txt", history_text(report, zone));
  check_golden("history-" + name + ".json", history_json(report));
}

RecordedOutcome outcome(const std::string& spider, int attempt, Judgement judgement,
                        std::optional<std::int64_t> items = {}) {
  SpiderOutcome outcome;
  outcome.spider = spider;
  outcome.child.termination = Exited{judgement.verdict == Verdict::failed ? 1 : 0};
  outcome.child.took = 83s + 250ms;
  outcome.judgement = std::move(judgement);
  outcome.log = "/var/log/spider-check/default/news/run-16-attempt-1.log";
  if (items) {
    outcome.crawl.emplace();
    outcome.crawl->progress = {*items, 31, 2};
  }
  return {outcome, attempt, now - 8h};
}

const Judgement bad{Verdict::failed, {"exit status 1", "0 items"}};
const Judgement so_so{Verdict::degraded, {"12 items, median of the last 20 good runs is 240"}};
const Judgement good{Verdict::ok, {}};

SpiderPoint point(Verdict verdict, std::optional<std::int64_t> items) {
  SpiderPoint point;
  point.verdict = verdict;
  point.items = items;
  point.started = now - 8h;
  point.took = 83s;
  point.run = 16;
  return point;
}

SpiderSummary summary(const std::string& name, const Judgement& judgement,
                      std::optional<std::int64_t> items) {
  SpiderSummary summary;
  summary.name = name;
  summary.last_success = now - 2h - 3min;
  summary.last_run = 16;
  summary.last = outcome(name, 1, judgement, items);
  summary.last_started = now - 8h;
  if (items) summary.median_items = 240;
  summary.recent = {point(Verdict::ok, items ? std::optional<std::int64_t>(240) : std::nullopt),
                    point(judgement.verdict, items)};
  return summary;
}

}  // namespace

TEST_CASE("a history of runs and of every kind of gap") {
  check("all", history());
}

TEST_CASE("a history of nothing") {
  check("empty", {"default", now, now - 168h, {}, {}, false});
}

TEST_CASE("a history with texts that would break a terminal or a parser") {
  auto hostile = record(7, 1h, RunStatus::failed);
  hostile.run.failure = "\x1b[2J\"quoted\" \\ and\na second line";
  hostile.faults = {"not UTF-8: \xff"};
  hostile.run.owner.host = "evil\thost";
  check("hostile", {"a\nb",
                    now,
                    now - 48h,
                    {hostile},
                    {{now - 9h, now - 2h, DelayCause::deferred, "\x1b[31mred", false}},
                    false});
}

TEST_CASE("one run whole") {
  const RunReport report{"default",
                         now,
                         failed_run(),
                         {outcome("jobs", 1, good, 240), outcome("news", 1, bad, 0),
                          outcome("rss", 1, so_so), outcome("news", 2, bad, 0)}};
  check_golden("show-failed.txt", run_text(report, Zone("America/Bogota")));
  check_golden("show-failed.json", run_json(report));
  const RunReport running{"default", now, record(18, 5min, RunStatus::running), {}};
  check_golden("show-running.txt", run_text(running, Zone("America/Bogota")));
  check_golden("show-running.json", run_json(running));
}

TEST_CASE("status of spiders, each over its newest attempts") {
  StatusReport report;
  report.schedule = "default";
  report.state.now = now;
  report.state.newest_success = now - 2h;
  report.decision = decide(report.state, report.policy, {}, {});
  report.spiders = {summary("books", good, 236), summary("\x1b[31mred", bad, 0),
                    summary("feed", good, {}),
                    summary("größe, and far too long for a column", so_so, 12)};
  report.spiders[1].last_success.reset();
  check_golden("status-spiders.txt", status_text(report, Zone("America/Bogota")));
  check_golden("status-spiders.json", status_json(report, Zone("America/Bogota")));
}

TEST_CASE("a sparkline is as long as there are attempts, whatever they did") {
  CHECK(sparkline({}).empty());
  CHECK(sparkline({point(Verdict::ok, 0), point(Verdict::ok, 0)}) == "▁▁");
  CHECK(sparkline({point(Verdict::ok, 1), point(Verdict::degraded, 50), point(Verdict::ok, 100),
                   point(Verdict::failed, 1000)}) == "▁▅█×");
  CHECK(sparkline({point(Verdict::ok, {}), point(Verdict::failed, {})}) == "·×");
  CHECK(sparkline({point(Verdict::ok, -5), point(Verdict::ok, 9)}) == "▁█");
}

}  // namespace spider_check::test
