// What the program fills into the page, held against tests/golden; see golden.hpp for how to accept
// a change. What the script draws of it is tested in a browser.
#include "report/page.hpp"

#include <string>

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

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

/** What is between two texts. */
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const auto found = text.find(before);
  REQUIRE(found != text.npos);
  const auto from = found + before.size();
  return text.substr(from, text.find(after, from) - from);
}

nlohmann::ordered_json data_of(const std::string& html) {
  return nlohmann::ordered_json::parse(between(html, "id=\"data\">", "</script>"));
}

/** What the program fills in: the title, what is there without JavaScript, and the JSON. */
std::string filled_in(const std::string& html) {
  auto text = between(html, "<title>", "</title>") + between(html, "<main id=\"page\">", "</main>");
  const auto data = data_of(html);
  for (const auto& [name, value] : data.items()) {
    if (!value.is_object()) {
      text += name + ": " + value.dump() + "\n";
      continue;
    }
    for (const auto& [inner, each] : value.items()) {
      text += name + "." + inner + ": " + each.dump() + "\n";
    }
  }
  return text;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

const Zone zone("America/Bogota");

}  // namespace

TEST_CASE("the page of a schedule that never ran") {
  test::check_golden("page-never.txt", filled_in(page(empty_report(), zone)));
}

TEST_CASE("the page of a small schedule") {
  test::check_golden("page-small.txt", filled_in(page(small_report(), zone)));
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
  test::check_golden("page-hostile.txt", filled_in(html));
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
  const auto html = page(report, zone);
  CAPTURE(html.size());
  CHECK(html.size() < 6'000'000);
  const auto data = data_of(html);
  const auto& rows = data["history"]["runs"]["rows"];
  REQUIRE(rows.size() == 20'000);
  const auto note = [&](std::size_t row) {
    return data["texts"][rows[row][13].get<std::size_t>()].get<std::string>();
  };
  CHECK(note(7).starts_with("7<<<"));
  CHECK(note(19'999) == "…");
  CHECK(data["status"]["spiders"].size() == 300);
  CHECK(data["status"]["more_spiders"] == 700);
  CHECK(data["series"].size() == 300);
  CHECK(data["more_series"] == 700);
  CHECK(data["failures"].size() == 20);
}

TEST_CASE("a failed spider comes first, then a stale, then a degraded one") {
  auto report = empty_report();
  const auto recent = run(2, 1h, RunStatus::completed);
  const auto old = run(1, 30h, RunStatus::completed);
  add_spider(report, outcome("good", Verdict::ok, 1), {point(recent, Verdict::ok, 1)});
  add_spider(report, outcome("degraded", Verdict::degraded, 1),
             {point(recent, Verdict::degraded, 1)});
  add_spider(report, outcome("stale", Verdict::ok, 1), {point(old, Verdict::ok, 1)});
  add_spider(report, outcome("failed", Verdict::failed, 1), {point(recent, Verdict::failed, 1)});
  std::string order;
  const auto data = data_of(page(report, zone));
  for (const auto& spider : data["status"]["spiders"]) {
    order += spider["spider"].get<std::string>() + " ";
  }
  CHECK(order == "failed stale degraded good ");
}

TEST_CASE("of many reasons the first are shown, and how many there are") {
  auto report = small_report();
  auto& reasons = report.status.spiders[1].last.outcome.judgement.reasons;
  reasons.assign(12, "wrong");
  report.failures[0].recorded.outcome.judgement.reasons = reasons;
  const auto data = data_of(page(report, zone));
  CHECK(data["status"]["spiders"][0]["last"]["reasons"].size() == 6);
  CHECK(data["status"]["spiders"][0]["last"]["reasons"][5] == "and 7 more");
  CHECK(data["failures"][0]["reasons"].size() == 11);
  CHECK(data["failures"][0]["reasons"][10] == "and 2 more");
}

TEST_CASE("the page's zone reaches until the next run is due") {
  auto report = empty_report();
  // Clocks in Berlin go forward at 01:00 UTC.
  const TimePoint before = std::chrono::sys_days(std::chrono::year(2026) / 3 / 29) + 30min;
  report.status.state.now = before;
  report.history.now = before;
  report.history.since = before - 720h;
  report.status.state.newest_success = before - 1h;
  report.status.decision = decide(report.status.state, {}, {}, {});
  const auto data = data_of(page(report, Zone("Europe/Berlin")));
  REQUIRE(data["zone"].size() == 2);
  CHECK(data["zone"][1][1] == 7200);
  CHECK(data["headline"]["due"]["at"] == "2026-03-29T03:30:00.000Z");
}

TEST_CASE("the headline says when the next run is due, or why not") {
  auto report = small_report();
  const auto due = [&](const Policy& policy) {
    report.status.policy = policy;
    report.status.decision = decide(report.status.state, policy, {}, {});
    return data_of(page(report, zone))["headline"]["due"];
  };
  CHECK(due({})["words"] == "4 h after the start of the run that is going on");
  CHECK(due({.enabled = false})["words"] == "never: enabled = false");
  report.status.state.last.reset();
  CHECK(due({})["words"] == "now");
  CHECK(due({})["why"] != "");
}

}  // namespace spider_check
