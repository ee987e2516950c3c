// The page, held against tests/golden; see golden.hpp for how to accept a change. Its style and
// script are files of their own, and left out there.
#include "render/page.hpp"

#include <string>

#include <doctest/doctest.h>

#include "golden/golden.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

/** 2026-11-23 16:20:01 UTC */
const TimePoint now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 16h + 20min + 1s;

RunRecord run(RunId id, Duration ago, RunStatus status) {
  RunRecord record;
  record.run.id = id;
  record.run.status = status;
  record.run.started = now - ago;
  record.run.heartbeat = now - ago + 5min;
  if (status != RunStatus::running) record.run.finished = record.run.heartbeat;
  record.run.spider_count = 2;
  record.run.owner = {"laptop", "boot", 1, 4711, 99};
  record.late = 90s;
  record.ok = 2;
  record.items = 1252;
  return record;
}

SpiderPoint point(const RunRecord& of, Verdict verdict, std::optional<std::int64_t> items) {
  return {of.run.id, of.run.attempt, of.run.started, 83s, verdict, items};
}

SpiderOutcome outcome(const std::string& spider, Verdict verdict, std::int64_t items) {
  SpiderOutcome outcome;
  outcome.spider = spider;
  outcome.child.took = 83s + 250ms;
  outcome.judgement.verdict = verdict;
  outcome.crawl.emplace();
  outcome.crawl->progress = {items, 31, 0};
  outcome.log = "/var/log/spider-check/jobs/" + spider + "/run-7-attempt-1.log";
  return outcome;
}

PageReport empty_report() {
  PageReport report;
  report.status.schedule = "jobs";
  report.status.state.now = now;
  report.status.decision = decide(report.status.state, {}, {}, {});
  report.history = {"jobs", now, now - 720h, {}, {}, false};
  return report;
}

void add_spider(PageReport& report, SpiderOutcome newest, std::vector<SpiderPoint> points) {
  SpiderSummary summary;
  summary.name = newest.spider;
  for (const auto& one : points) {
    if (one.verdict != Verdict::failed) summary.last_success = one.started;
  }
  summary.last_run = points.back().run;
  summary.last_started = points.back().started;
  summary.last = {std::move(newest), 1, points.back().started + 83s};
  summary.recent = points;
  report.series.push_back({summary.name, std::move(points)});
  report.status.spiders.push_back(std::move(summary));
}

/** Four runs, one of each kind, and a night between two of them. */
PageReport small_report() {
  auto report = empty_report();
  auto running = run(7, 90s, RunStatus::running);
  auto failed = run(6, 5h, RunStatus::failed);
  failed.run.failure = "1 of 2 spiders failed (news)";
  failed.run.attempt = 3;
  failed.failed = 1;
  failed.ok = 1;
  auto degraded = run(5, 18h, RunStatus::completed);
  degraded.degraded = 1;
  degraded.ok = 1;
  const auto completed = run(4, 22h, RunStatus::completed);
  report.history.runs = {running, failed, degraded, completed};
  report.history.gaps = {{now - 14h, now - 5h, DelayCause::suspended, "", false},
                         {now - 28h, now - 22h, DelayCause::database_away, "refused", false}};
  report.status.state.newest_success = degraded.run.started;
  report.status.state.last = running.run;
  report.status.state.last->lock_held = true;
  report.status.state.free_slots = 0;
  report.status.decision = decide(report.status.state, {}, {}, {});
  add_spider(report, outcome("listing", Verdict::ok, 240),
             {point(completed, Verdict::ok, 250), point(degraded, Verdict::degraded, 60),
              point(failed, Verdict::ok, 240)});
  report.status.spiders[0].median_items = 245;
  auto news = outcome("news", Verdict::failed, 0);
  news.judgement.reasons = {"no items; at least 1 is expected"};
  news.child.termination = Exited{1};
  add_spider(report, news,
             {point(completed, Verdict::ok, 1002), point(failed, Verdict::failed, 0)});
  report.failures = {{6, {news, 3, now - 4h}, "2026-11-23 ERROR\nrefused & gone\n"}};
  return report;
}

/** The page with its own style and script left out, which have nothing of the report. */
std::string without_assets(std::string html) {
  for (const std::string element : {"style", "script"}) {
    const auto from = html.rfind("<" + element + ">") + element.size() + 2;
    html.replace(from, html.find("</" + element + ">", from) - from, "…");
  }
  for (auto at = html.find("'sha256-"); at != html.npos; at = html.find("'sha256-", at + 1)) {
    html.replace(at + 8, html.find('\'', at + 8) - at - 8, "…");
  }
  return html;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

const render::Zone zone("America/Bogota");

}  // namespace

TEST_CASE("the page of a schedule that never ran") {
  test::check_golden("page-never.html", without_assets(page(empty_report(), zone)));
}

TEST_CASE("the page of a small schedule") {
  test::check_golden("page-small.html", without_assets(page(small_report(), zone)));
}

TEST_CASE("the page of a hostile schedule") {
  const std::string hostile =
      "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
      "\u202e\xff\n\x1b[31m";
  auto report = small_report();
  report.status.schedule = hostile;
  for (auto& record : report.history.runs) {
    record.run.owner.host = hostile;
    record.run.failure = hostile;
    record.faults = {hostile};
  }
  for (auto& gap : report.history.gaps) gap.detail = hostile;
  for (auto& spider : report.status.spiders) {
    spider.name = hostile;
    spider.last.outcome.judgement.reasons = {hostile};
  }
  report.status.state.last->failure = hostile;
  report.status.state.last->owner.host = hostile;
  report.status.decision = decide(report.status.state, {}, {}, {});
  for (auto& series : report.series) series.spider = hostile;
  for (auto& failure : report.failures) {
    failure.recorded.outcome.spider = hostile;
    failure.recorded.outcome.judgement.reasons = {hostile};
    failure.recorded.outcome.child.termination = NotStarted{hostile};
    failure.recorded.outcome.log = hostile;
    failure.log_end = hostile + "\n" + hostile;
  }
  const auto html = page(report, zone);
  CHECK(count(html, "<script") == 2);
  CHECK(count(html, "</script") == 2);
  CHECK(count(html, "<img") == 0);
  CHECK(count(html, "\u202e") == 0);
  CHECK(count(html, "\x1b") == 0);
  CHECK(count(html, "\xff") == 0);
  test::check_golden("page-hostile.html", without_assets(html));
}

TEST_CASE("a page stays small, however many runs, gaps and spiders there are") {
  auto report = empty_report();
  for (int i = 0; i < 20'000; ++i) {
    auto record = run(30'000 - i, 2min * i + 1min, RunStatus::failed);
    // Each with a long note of its own.
    record.run.failure = std::to_string(i) + std::string(200, '<');
    record.run.owner.host = "host-" + std::to_string(i);
    report.history.runs.push_back(record);
    report.history.gaps.push_back({now - 2min * i - 2min, now - 2min * i - 1min,
                                   DelayCause::failing, std::string(500, '&'), false});
  }
  for (int spider = 0; spider < 1000; ++spider) {
    std::vector<SpiderPoint> points;
    for (int i = 100; i-- > 0;) {
      points.push_back({1, 1, now - 400min * i, 1s * (i % 7), Verdict(i % 3), i * 1'000'003});
    }
    add_spider(report, outcome("spider-" + std::to_string(spider), Verdict::failed, 1), points);
    report.failures.push_back({1, report.status.spiders.back().last, std::string(10'000, '<')});
  }
  const auto size = page(report, zone).size();
  CAPTURE(size);
  CHECK(size < 6'000'000);
}

}  // namespace spider_check
