// What Prometheus reads, held against tests/golden; promtool looks at it in tests/e2e.
#include <string>

#include <doctest/doctest.h>

#include "golden/golden.hpp"
#include "report/health.hpp"
#include "report/monitoring.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

/** 2026-11-23 16:20:01.123 UTC */
const TimePoint now{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 16h + 20min + 1s +
                    123ms};

Run run_started(Duration ago, RunStatus status) {
  Run run;
  run.id = 7;
  run.status = status;
  run.started = now - ago;
  run.heartbeat = now - 5s;
  run.spider_count = 2;
  run.attempt = 2;
  if (status != RunStatus::running) run.finished = now - ago + 10min;
  return run;
}

SpiderSummary crawl(const std::string& name, Verdict verdict) {
  SpiderSummary spider;
  spider.name = name;
  spider.last_started = now - 1h;
  if (verdict != Verdict::failed) spider.last_success = spider.last_started;
  auto& outcome = spider.last.outcome;
  outcome.spider = name;
  outcome.judgement.verdict = verdict;
  outcome.crawl.emplace();
  outcome.crawl->progress = {240, 31, 1};
  outcome.child.took = 83s + 250ms;
  outcome.child.cpu_time = 345'678us;
  outcome.child.peak_memory = 96 * 1024 * 1024;
  return spider;
}

StatusReport report_of(std::optional<Run> last) {
  StatusReport report;
  report.schedule = "default";
  report.state.now = now;
  report.state.last = std::move(last);
  if (report.state.last && report.state.last->status == RunStatus::completed) {
    report.state.newest_success = report.state.last->started;
  }
  report.decision = decide(report.state, report.policy, {}, {});
  return report;
}

void check(const std::string& name, const StatusReport& report) {
  test::check_golden("metrics-" + name + ".prom", metrics_text(report, "1.2.3"));
}

bool has(const StatusReport& report, const std::string& part) {
  return metrics_text(report, "1.2.3").find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("metrics of a schedule that never ran have nothing that is not known") {
  check("never", report_of({}));
}

TEST_CASE("rows are metrics of the spiders after which they are counted") {
  auto report = report_of(run_started(1h, RunStatus::completed));
  report.spiders = {crawl("listing", Verdict::ok), crawl("news", Verdict::ok)};
  report.spiders[1].last.outcome.rows = 12;
  report.spiders[1].median_rows = 240;
  const std::string of_news = R"({schedule="default",spider="news"} )";
  CHECK(has(report, "spider_check_spider_rows" + of_news + "12\n"));
  CHECK(has(report, "spider_check_spider_median_rows" + of_news + "240\n"));
  CHECK_FALSE(has(report, R"(rows{schedule="default",spider="listing")"));
}

TEST_CASE("metrics of crawls that went well, or not so well") {
  auto report = report_of(run_started(1h, RunStatus::completed));
  report.spiders = {crawl("listing", Verdict::ok), crawl("news", Verdict::degraded)};
  report.spiders[0].median_items = 250;
  check("crawls", report);
}

TEST_CASE("metrics while a run goes on and one before it failed") {
  auto run = run_started(10min, RunStatus::running);
  run.lock_held = true;
  auto report = report_of(run);
  report.state.newest_success = now - 8h;
  report.failed_runs = 1;
  report.spiders = {crawl("news", Verdict::failed)};
  check("running", report);
}

TEST_CASE("a partial run goes on, too") {
  auto report = report_of(run_started(1h, RunStatus::completed));
  CHECK(has(report, "\nspider_check_running{schedule=\"default\"} 0\n"));
  report.state.partial = run_started(1min, RunStatus::running);
  CHECK(has(report, "\nspider_check_running{schedule=\"default\"} 0\n"));
  report.state.partial->lock_held = true;
  CHECK(has(report, "\nspider_check_running{schedule=\"default\"} 1\n"));
}

TEST_CASE("what was not measured of a spider is left out") {
  auto report = report_of(run_started(1h, RunStatus::failed));
  report.spiders = {crawl("program", Verdict::failed)};
  auto& outcome = report.spiders[0].last.outcome;
  outcome.crawl.reset();
  outcome.child = {NotStarted{"Permission denied"}};
  for (const std::string name : {"items", "pages", "errors", "median_items", "duration_seconds",
                                 "cpu_seconds", "peak_memory_bytes"}) {
    CAPTURE(name);
    CHECK_FALSE(has(report, "spider_check_spider_" + name));
  }
  CHECK(has(report,
            "spider_check_spider_verdict{schedule=\"default\",spider=\"program\","
            "verdict=\"failed\"} 1\n"));
}

TEST_CASE("labels hold any name") {
  auto report = report_of(run_started(1h, RunStatus::completed));
  report.schedule = "a\"b\\c\nd";
  report.spiders = {crawl("größe \xff {}=,\t", Verdict::ok)};
  check("hostile", report);
}

TEST_CASE("numbers are exact, before 1970 and without a fraction, too") {
  auto report = report_of({});
  const auto collected = [&](Duration since_epoch) {
    report.state.now = TimePoint(since_epoch);
    const std::string name = "\nspider_check_collected_timestamp_seconds{schedule=\"default\"} ";
    const auto text = metrics_text(report, "");
    const auto start = text.find(name) + name.size();
    return text.substr(start, text.find('\n', start) - start);
  };
  CHECK(collected(0s) == "0");
  CHECK(collected(1'700'000'000s) == "1700000000");
  CHECK(collected(1us) == "0.000001");
  CHECK(collected(-1us) == "-0.000001");
  CHECK(collected(-1500ms) == "-1.5");
}

}  // namespace spider_check
