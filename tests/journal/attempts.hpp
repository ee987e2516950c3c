#pragma once

#include <string>
#include <vector>

#include "outbox/journal.hpp"
#include "outbox/record_json.hpp"

namespace spider_check::test {

inline const HostTime now{"boot", std::chrono::hours(100), std::chrono::hours(1),
                          TimePoint(std::chrono::hours(500'000))};

/** An attempt with something in every field. */
inline AttemptRecord some_attempt(const std::string& token = "token-1") {
  AttemptRecord record;
  record.claim = {0, 2, {}, token, "uuid"};
  record.run.trigger = Trigger::force;
  record.run.partial = true;
  record.run.late = std::chrono::minutes(7);
  record.run.missed_intervals = 3;
  record.database = {"0b4f", "jobs"};
  record.owner = {"laptop", "boot", 12, 4711, 99, "machine"};
  record.slot = 1;
  record.log = {17, 2, 3};
  record.spider_count = 5;
  record.run_started = earlier(now, std::chrono::hours(2));
  record.began = earlier(now, std::chrono::hours(1));
  return record;
}

inline JournaledOutcome some_outcome(const std::string& spider = "news") {
  SpiderOutcome outcome;
  outcome.spider = spider;
  outcome.child.termination = Signaled{11, true};
  outcome.child.took = std::chrono::milliseconds(1500);
  outcome.child.cpu_time = std::chrono::milliseconds(250);
  outcome.child.peak_memory = 12 << 20;
  outcome.judgement = {Verdict::degraded, {"12 items, median of the last 20 good runs is 240"}};
  outcome.log = "/logs/default/news/run-17+3-attempt-2.log";
  CrawlReport crawl;
  crawl.source = CrawlSource::probe;
  crawl.finish_reason = "finished";
  crawl.progress = {12, 34, 5};
  crawl.fields = {{"title", 12}, {"pay", 0}};
  crawl.faults = {{"jobs/spiders/news.py:7", "KeyError: 'pay'", 5}};
  crawl.stats = R"({"item_scraped_count": 12})";
  outcome.crawl = crawl;
  outcome.rows = 240;
  return {outcome, earlier(now, std::chrono::minutes(30))};
}

inline JournaledEnd some_end() {
  return {
      {RunStatus::failed, "1 of 5 spiders failed (news)", {"a fault"}, std::chrono::minutes(15)},
      earlier(now, std::chrono::minutes(10))};
}

/** Nothing else is known from now on. */
inline void remember(Journal& journal, const HostState& host_state) {
  journal.change([&](HostState& changed) { changed = host_state; });
}

/** An attempt of this process in the journal, until it is let go. */
class OpenAttempt {
 public:
  OpenAttempt(Journal& journal, const AttemptRecord& record)
      : journal_(journal), name_(journal.begin(record)) {}

  OpenAttempt(const OpenAttempt&) = delete;
  OpenAttempt& operator=(const OpenAttempt&) = delete;
  OpenAttempt(OpenAttempt&&) = delete;
  OpenAttempt& operator=(OpenAttempt&&) = delete;

  ~OpenAttempt() { journal_.close(name_); }

  void recorded(RunId id, const DatabaseIdentity& database) {
    journal_.append(name_, recorded_json(id, database), false);
  }

  void count(int spiders, Duration outlive) {
    journal_.append(name_, count_json(spiders, outlive), false);
  }

  void start(const JournaledStart& start) { journal_.append(name_, start_json(start), false); }

  void outcome(const JournaledOutcome& outcome, bool only_copy) {
    journal_.append(name_, outcome_json(outcome), only_copy);
  }

  void end(const JournaledEnd& end) { journal_.append(name_, end_json(end), true); }

  void sync() { journal_.sync(name_); }

  void forget() { journal_.forget(name_); }

 private:
  Journal& journal_;
  std::string name_;
};

/** What each attempt that can be held tells. */
inline std::vector<AttemptRecord> held_in(Journal& journal) {
  std::vector<AttemptRecord> records;
  journal.visit_pending([&](const PendingAttempt& attempt) {
    records.push_back(attempt.record);
    return true;
  });
  return records;
}

}  // namespace spider_check::test
