#include "outbox/record_json.hpp"

#include <doctest/doctest.h>

#include "allocations.hpp"
#include "attempts.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

/** What the records, one after the other, tell. */
AttemptRecord read(const std::vector<std::string>& records) {
  AttemptRecord attempt;
  for (const auto& record : records) CHECK(apply_json(record, attempt));
  return attempt;
}

}  // namespace

TEST_CASE("an attempt comes back as it went") {
  const auto made = test::some_attempt();
  const auto back = read({attempt_json(made)});
  CHECK(back.claim.uuid == made.claim.uuid);
  CHECK(back.claim.token == made.claim.token);
  CHECK(back.claim.attempt == 2);
  CHECK(back.run.trigger == Trigger::force);
  CHECK(back.run.partial);
  CHECK(back.run.late == 7min);
  CHECK(back.run.missed_intervals == 3);
  CHECK(back.database.id == made.database.id);
  CHECK(back.database.name == made.database.name);
  CHECK(back.owner == made.owner);
  CHECK(back.slot == 1);
  CHECK(back.log == made.log);
  CHECK(back.spider_count == 5);
  CHECK(back.run_started == made.run_started);
  CHECK(back.began == made.began);
}

TEST_CASE("what is none stays none") {
  auto made = test::some_attempt();
  made.run.late.reset();
  made.run.missed_intervals.reset();
  const auto back = read({attempt_json(made)});
  CHECK_FALSE(back.run.late.has_value());
  CHECK_FALSE(back.run.missed_intervals.has_value());
}

TEST_CASE("an outcome comes back with all that is recorded of it") {
  const auto made = test::some_outcome();
  const auto back = read({attempt_json(test::some_attempt()), outcome_json(made)}).outcomes.at(0);
  CHECK(back.ended == made.ended);
  const auto& outcome = back.outcome;
  CHECK(outcome.spider == "news");
  CHECK(outcome.child.termination == Termination{Signaled{11, true}});
  CHECK(outcome.child.took == 1500ms);
  CHECK(outcome.child.cpu_time == 250ms);
  CHECK(outcome.child.peak_memory == 12 << 20);
  CHECK(outcome.judgement.verdict == Verdict::degraded);
  CHECK(outcome.judgement.reasons == made.outcome.judgement.reasons);
  CHECK(outcome.log == made.outcome.log);
  REQUIRE(outcome.crawl.has_value());
  CHECK(outcome.crawl->source == CrawlSource::probe);
  CHECK(outcome.crawl->finish_reason == "finished");
  CHECK(outcome.crawl->progress == Progress{12, 34, 5});
  CHECK(outcome.crawl->fields == made.outcome.crawl->fields);
  CHECK(outcome.crawl->faults.at(0).text == "KeyError: 'pay'");
  CHECK(outcome.crawl->faults.at(0).count == 5);
  CHECK(Json::parse(outcome.crawl->stats) == Json::parse(made.outcome.crawl->stats));
  CHECK(outcome.rows == 240);
}

TEST_CASE("an outcome without rows has none, nor has one of an earlier version") {
  auto made = test::some_outcome();
  made.outcome.rows.reset();
  auto json = outcome_json(made);
  const auto rows_in = [](const std::string& record) {
    return read({attempt_json(test::some_attempt()), record}).outcomes.at(0).outcome.rows;
  };
  CHECK_FALSE(rows_in(json));
  const std::string none = "\"rows\":null,";
  REQUIRE(json.find(none) != std::string::npos);
  CHECK_FALSE(rows_in(json.erase(json.find(none), none.size())));
}

TEST_CASE("every way in which a process ends comes back") {
  for (const Termination& end : {Termination{Exited{3}}, Termination{Signaled{9, false}},
                                 Termination{NotStarted{"why"}}, Termination{Unknown{"how"}}}) {
    auto made = test::some_outcome();
    made.outcome.child.termination = end;
    made.outcome.crawl.reset();
    const auto back = read({attempt_json(test::some_attempt()), outcome_json(made)}).outcomes.at(0);
    CHECK(back.outcome.child.termination == end);
    CHECK_FALSE(back.outcome.crawl.has_value());
  }
}

TEST_CASE("starts, the number of spiders, the id and the end are told one by one") {
  const auto back =
      read({attempt_json(test::some_attempt()), recorded_json(41, {}), count_json(9, 3min),
            start_json({"a", "/logs/a", test::now}), end_json(test::some_end())});
  CHECK(back.claim.id == 41);
  CHECK(back.log == test::some_attempt().log);  // its logs keep their names
  CHECK(back.spider_count == 9);
  CHECK(back.spiders_outlive == 3min);
  const auto former = R"({"kind": "count", "spiders": 8})";
  CHECK(read({attempt_json(test::some_attempt()), former}).spider_count == 8);
  REQUIRE(back.starts.size() == 1);
  CHECK(back.starts[0].spider == "a");
  CHECK(back.starts[0].log == "/logs/a");
  CHECK(back.starts[0].at == test::now);
  REQUIRE(back.end.has_value());
  CHECK(back.end->end.status == RunStatus::failed);
  CHECK(back.end->end.failure == test::some_end().end.failure);
  CHECK(back.end->end.faults == test::some_end().end.faults);
  CHECK(back.end->end.retry_after == 15min);
  CHECK(back.end->at == test::some_end().at);
}

TEST_CASE("bytes that are no UTF-8 stop nothing") {
  auto made = test::some_outcome("caf\xe9");
  made.outcome.judgement.reasons = {"\xff\xfe"};
  const auto back = read({attempt_json(test::some_attempt()), outcome_json(made)});
  CHECK(back.outcomes.size() == 1);
}

TEST_CASE("what is no record changes nothing") {
  auto attempt = read({attempt_json(test::some_attempt())});
  const auto count = [&] { return attempt.starts.size() + attempt.outcomes.size(); };
  for (const std::string record :
       {"", "{}", "[]", "7", "{", R"({"kind": "start"})", R"({"kind": 7})", R"({"kind": "more"})",
        R"({"kind": "start", "spider": "a", "log": "x", "at": [1]})",
        R"({"kind": "outcome", "outcome": {}, "at": ["b", 1, 2, 3]})"}) {
    CAPTURE(record);
    CHECK_FALSE(apply_json(record, attempt));
    CHECK(count() == 0);
  }
}

TEST_CASE("a record that cannot be read whole changes nothing of what was read") {
  const auto made = test::some_attempt();
  auto attempt = read({attempt_json(made), start_json({"a", "/logs/a", test::now})});
  auto cut = attempt_json(test::some_attempt("other"));
  cut.replace(cut.find("\"began\""), 7, "\"begun\"");
  CHECK_FALSE(apply_json(cut, attempt));
  CHECK(attempt.claim.token == made.claim.token);
  CHECK(apply_json(attempt_json(test::some_attempt("other")), attempt));
  CHECK(attempt.claim.token == "other");
  CHECK(attempt.starts.size() == 1);
}

TEST_CASE("to read one more record costs the same, however many there were before") {
  auto attempt = read({attempt_json(test::some_attempt())});
  const auto cost = [&](int records) {
    const auto before = test::allocations();
    for (int i = 0; i < records; ++i) {
      CHECK(apply_json(outcome_json(test::some_outcome(std::to_string(i))), attempt));
    }
    return test::allocations() - before;
  };
  const auto first = cost(100);
  (void)cost(1000);
  CHECK(cost(100) < 2 * first);
}

TEST_CASE("nothing is told before the attempt itself") {
  AttemptRecord attempt;
  CHECK_FALSE(apply_json(count_json(3, 3min), attempt));
}

TEST_CASE("what is known of the database comes back as it went") {
  HostState made;
  made.database = {"0b4f", "jobs"};
  made.of_others = 3;
  made.success = test::now;
  made.mark = TimePoint(Duration(123'456'789));
  made.away = earlier(test::now, 1h);
  made.noted = earlier(test::now, 2h);
  made.refused = Refusal{"23502", "it is refused; type: MEND", earlier(test::now, 30min)};
  made.unremovable = "23503";
  made.last = HostRun{{7, 2, {}, {}, "uuid"},
                      RunStatus::failed,
                      earlier(test::now, 3h),
                      earlier(test::now, 2h),
                      15min,
                      4,
                      "it failed",
                      {"a", "b"}};
  made.heartbeats = {{"uuid", TimePoint(Duration(987'654'321)), earlier(test::now, 5min)}};
  made.survivors = {{"stuck", "boot", 4026531836, 4711, 123'456}, {"a", "", 0, 1, 0}};
  const auto back = parse_host_state(host_state_json(made));
  CHECK(back.database.id == "0b4f");
  CHECK(back.database.name == "jobs");
  CHECK(back.of_others == 3);
  CHECK(back.success == made.success);
  CHECK(back.mark == made.mark);
  CHECK(back.away == made.away);
  CHECK(back.noted == made.noted);
  REQUIRE(back.refused.has_value());
  CHECK(back.refused->cause == made.refused->cause);
  CHECK(back.refused->text == made.refused->text);
  CHECK(back.refused->since == made.refused->since);
  CHECK(back.unremovable == made.unremovable);
  REQUIRE(back.last.has_value());
  CHECK(back.last->claim.id == 7);
  CHECK(back.last->claim.uuid == "uuid");
  CHECK(back.last->claim.attempt == 2);
  CHECK(back.last->status == RunStatus::failed);
  CHECK(back.last->started == made.last->started);
  CHECK(back.last->ended == made.last->ended);
  CHECK(back.last->retry_after == 15min);
  CHECK(back.last->spider_count == 4);
  CHECK(back.last->failure == "it failed");
  CHECK(back.last->succeeded == made.last->succeeded);
  CHECK(back.heartbeats == made.heartbeats);
  CHECK(back.survivors == made.survivors);
}

TEST_CASE("of nothing, and of what is no record, nothing is known") {
  for (const auto& record : {host_state_json({}), std::string("nonsense"), std::string("{}")}) {
    const auto host_state = parse_host_state(record);
    CHECK_FALSE(host_state.success.has_value());
    CHECK_FALSE(host_state.mark.has_value());
    CHECK_FALSE(host_state.last.has_value());
    CHECK_FALSE(host_state.away.has_value());
  }
}

}  // namespace spider_check
