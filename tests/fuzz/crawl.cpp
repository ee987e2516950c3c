#include "crawl.hpp"

#include <string>
#include <utility>
#include <vector>

#include "fuzz.hpp"
#include "outbox/record_json.hpp"
#include "run/verdict.hpp"

namespace spider_check::fuzz {

namespace {

// PostgreSQL reads JSON by recursion; the probe itself goes three levels deep.
constexpr int deepest = 32;

/** What PostgreSQL's jsonb refuses: a NUL in any text, and a depth without end. */
bool can_be_recorded(const Json& json, int depth = 0) {
  if (depth > deepest) return false;
  if (json.is_string()) return json.get<std::string>().find('\0') == std::string::npos;
  if (!json.is_structured()) return true;
  for (const auto& [key, value] : json.items()) {
    if (json.is_object() && key.find('\0') != std::string::npos) return false;
    if (!can_be_recorded(value, depth + 1)) return false;
  }
  return true;
}

void check_counts(const CrawlReport& crawl) {
  for (const auto number :
       {crawl.progress.items, crawl.progress.pages, crawl.progress.errors, crawl.exceptions,
        crawl.dropped, crawl.refused, crawl.robots, crawl.dead, crawl.forbidden, crawl.lost_feeds,
        crawl.closing_errors, crawl.late_errors}) {
    expect(number >= 0, "no count is negative");
  }
  for (const auto& [name, number] : crawl.fields) expect(number >= 0, "no field's count is either");
  for (const auto& fault : crawl.faults) expect(fault.count >= 1, "a fault came once at least");
}

/** Beside good runs of the past, so that every rule has its say. */
Judgement judged(const CrawlReport& crawl) {
  const BaselineRun past{12, std::chrono::minutes(3), {{"title", 12}, {"pay", 6}}};
  ChildReport child;
  child.termination = Exited{0};
  child.took = std::chrono::minutes(20);
  Criteria criteria;
  criteria.max_errors = 5;
  (void)judge(child, crawl, criteria, {});
  criteria.max_errors.reset();
  return judge(child, crawl, criteria, Baseline(runs_for_baseline, past));
}

}  // namespace

void check_crawl(const CrawlReport& crawl) {
  check_counts(crawl);
  expect(crawl.faults.size() <= 20, "there are 20 kinds of faults at most");
  expect(crawl.stats.empty() || Json::parse(crawl.stats, nullptr, false).is_object(),
         "statistics are an object");
  SpiderOutcome outcome;
  outcome.spider = "news";
  outcome.child.termination = Exited{0};
  outcome.judgement = judged(crawl);
  expect(outcome.judgement.verdict == Verdict::ok || !outcome.judgement.reasons.empty(),
         "what is not ok has a reason");
  outcome.crawl = crawl;
  const std::vector<JournaledOutcome> outcomes{{std::move(outcome), {}}};
  const auto recorded = Json::parse(facts_json({{}, outcomes}, {}), nullptr, false);
  expect(recorded.is_object() && can_be_recorded(recorded), "an outcome can be recorded");
}

}  // namespace spider_check::fuzz
