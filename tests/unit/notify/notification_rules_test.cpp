// What people are told, and when: on changes only, and no false alarm.
#include <doctest/doctest.h>

#include "notify/rules.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

using Kinds = std::vector<EventKind>;
using Names = std::vector<std::string>;

constexpr TimePoint noon{500'000h};

Run run(RunStatus status, Duration age, int attempt = 3) {
  Run run;
  run.id = 7;
  run.uuid = "uuid-7";
  run.status = status;
  run.started = noon - age;
  run.attempt = attempt;
  run.failure = status == RunStatus::failed ? "1 of 2 spiders failed (a)" : "";
  return run;
}

/** A run that succeeded an hour ago. */
ScheduleSummary good() {
  ScheduleSummary summary;
  summary.now = noon;
  summary.last = run(RunStatus::completed, 1h, 1);
  summary.newest_success = summary.last->started;
  return summary;
}

/** So many runs failed, the first of them that long ago and the last an hour. */
ScheduleSummary bad(int runs, Duration first = 1h, int attempt = 3) {
  ScheduleSummary summary;
  summary.now = noon;
  summary.newest_success = noon - first - 4h;
  summary.first_try = noon - first;
  summary.failed_runs = runs;
  summary.last = run(RunStatus::failed, 1h, attempt);
  return summary;
}

RecordedOutcome outcome(const std::string& spider, Verdict verdict) {
  RecordedOutcome recorded;
  recorded.outcome.spider = spider;
  recorded.outcome.judgement.verdict = verdict;
  return recorded;
}

NotificationState state_before(bool failing, bool stale, Names degraded = {}) {
  return {1, failing, stale, std::move(degraded), {}};
}

Kinds kinds_of(const NotificationPlan& telling) {
  Kinds kinds;
  for (const auto& event : telling.events) kinds.push_back(event.kind);
  return kinds;
}

Kinds tell(const NotificationState& told, const ScheduleSummary& summary,
           const NotifyPolicy& notify = {}) {
  return kinds_of(plan_notifications(told, summary, {}, notify));
}

NotifyPolicy after(int failures) {
  NotifyPolicy notify;
  notify.after_failures = failures;
  return notify;
}

}  // namespace

TEST_CASE("events are told on changes only") {
  const auto fresh = state_before(false, false);
  const auto failing = state_before(true, false);
  const auto stale = state_before(false, true);
  ScheduleSummary running = bad(1);
  running.last = run(RunStatus::running, 1min, 1);

  const struct {
    const char* what;
    NotificationState told;
    ScheduleSummary summary;
    NotifyPolicy notify;
    Kinds events;
  } cases[] = {
      {"nothing was ever run", {}, {}, {}, {}},
      {"all is well", fresh, good(), {}, {}},
      {"all is well, and nobody was ever told anything", {}, good(), {}, {}},
      {"the first failure", fresh, bad(1), {}, {EventKind::failing}},
      {"the same again", failing, bad(2), {}, {}},
      {"a failure that may be mended by a retry", fresh, bad(1, 1h, 2), {}, {}},
      {"the second run, which may be mended by a retry",
       fresh,
       bad(2, 3h, 2),
       {},
       {EventKind::failing}},
      {"fewer failures than asked for", fresh, bad(2, 3h), after(3), {}},
      {"as many as asked for", fresh, bad(3, 3h), after(3), {EventKind::failing}},
      {"it goes on after failures", failing, running, {}, {}},
      {"recovered from failures", failing, good(), {}, {EventKind::recovered}},
      {"recovered from stale data", stale, good(), {}, {EventKind::recovered}},
      {"recovered from both, which is one thing",
       state_before(true, true),
       good(),
       {},
       {EventKind::recovered}},
      {"stale, and fewer failures than asked for", fresh, bad(2, 5h), after(3), {EventKind::stale}},
      {"stale is no news to who knows that it fails", failing, bad(2, 5h), {}, {}},
      {"still stale", stale, bad(2, 5h), after(3), {}},
      {"stale, and then it fails too often", stale, bad(3, 9h), after(3), {EventKind::failing}},
  };

  for (const auto& [what, told, summary, notify, events] : cases) {
    const std::string name(what);
    CAPTURE(name);
    CHECK(tell(told, summary, notify) == events);
  }
}

TEST_CASE("data is stale when what was tried since it was due had its time") {
  auto summary = bad(1, 3h);
  const auto stale = [&](std::optional<Duration> after = {}) {
    NotifyPolicy notify;
    notify.stale_after = after;
    return is_stale(summary, {}, notify);
  };
  CHECK_FALSE(stale());
  CHECK(stale(2h));
  summary.newest_success = noon - 9h;
  summary.first_try = noon - 4h;
  CHECK_FALSE(stale());
  summary.first_try = noon - 4h - 1us;
  CHECK(stale());
  // A night off: the run that was begun when the host was back may mend it yet.
  summary.newest_success = noon - 100h;
  summary.first_try = noon - 10min;
  CHECK_FALSE(stale());
  // Nothing was tried: the next tick does.
  summary.first_try.reset();
  CHECK_FALSE(stale());
  // A forced run, begun before it was due.
  summary.newest_success = noon - 6h;
  summary.first_try = noon - 5h;
  CHECK_FALSE(stale(3h));
  CHECK(stale(1h));
  // Never a success.
  summary.newest_success.reset();
  CHECK(stale());
  NotifyPolicy never;
  never.stale = false;
  CHECK_FALSE(is_stale(summary, {}, never));
}

TEST_CASE("a spider is told to be degraded when it becomes so, and when none is any more") {
  auto summary = good();
  summary.outcomes = {outcome("a", Verdict::degraded), outcome("b", Verdict::ok)};
  auto telling = plan_notifications(state_before(false, false), summary, {}, {});
  REQUIRE(kinds_of(telling) == Kinds{EventKind::degraded});
  CHECK(telling.events[0].spiders == Names{"a"});
  CHECK(telling.told.degraded == Names{"a"});
  CHECK(tell(telling.told, summary).empty());

  summary.outcomes[1] = outcome("b", Verdict::degraded);
  telling = plan_notifications(telling.told, summary, {}, {});
  REQUIRE(kinds_of(telling) == Kinds{EventKind::degraded});
  CHECK(telling.events[0].spiders == Names{"b"});

  // A run that failed, or goes on, says nothing of it.
  auto failed = bad(1);
  failed.outcomes = {outcome("a", Verdict::failed)};
  CHECK(tell(telling.told, failed) == Kinds{EventKind::failing});

  summary.outcomes[0] = outcome("a", Verdict::ok);
  telling = plan_notifications(telling.told, summary, {}, {});
  CHECK(telling.events.empty());
  CHECK(telling.changed);
  summary.outcomes[1] = outcome("b", Verdict::ok);
  telling = plan_notifications(telling.told, summary, {}, {});
  REQUIRE(kinds_of(telling) == Kinds{EventKind::restored});
  CHECK(telling.events[0].spiders == Names{"b"});

  NotifyPolicy never;
  never.degraded = false;
  summary.outcomes[0] = outcome("a", Verdict::degraded);
  CHECK(tell(state_before(false, false), summary, never).empty());
}

TEST_CASE("what was told is recorded when something changed, and else not") {
  CHECK(plan_notifications({}, good(), {}, {}).changed);
  const auto told = plan_notifications({}, good(), {}, {}).told;
  CHECK(told.success == good().newest_success);
  auto known = told;
  known.version = 1;
  CHECK_FALSE(plan_notifications(known, good(), {}, {}).changed);
  auto newer = good();
  *newer.newest_success += 1min;
  CHECK(plan_notifications(known, newer, {}, {}).changed);
}

TEST_CASE("an event has one key however often it is noticed") {
  const auto first = plan_notifications({}, bad(1), {}, {}).events.at(0);
  const auto again = plan_notifications({}, bad(1), {}, {}).events.at(0);
  CHECK(first.key == again.key);
  CHECK(first.key == "failing:uuid-7");
}

TEST_CASE("a run checks in with how it ended, each attempt once") {
  const Policy policy;
  CHECK_FALSE(check_in({}, policy).has_value());
  CHECK(check_in(good(), policy)->kind == EventKind::ping_success);
  CHECK(check_in(bad(1), policy)->kind == EventKind::ping_fail);
  CHECK(check_in(bad(1, 1h, 2), policy)->kind == EventKind::ping_log);
  CHECK(check_in(bad(1), policy)->key == "ping_fail:uuid-7:3");
  auto running = good();
  running.last->status = RunStatus::running;
  CHECK_FALSE(check_in(running, policy).has_value());
  auto old = good();
  old.last->started = noon - 25h;
  CHECK_FALSE(check_in(old, policy).has_value());
  old.last->finished = noon - 1h;
  CHECK(check_in(old, policy).has_value());
}

TEST_CASE("an attempt that would come after the next run is none that is left") {
  Policy policy;
  policy.interval = 90min;
  auto summary = bad(1, 1h, 2);
  summary.last->next_attempt = noon + 25min;
  CHECK(check_in(summary, policy)->kind == EventKind::ping_log);
  CHECK(failed_for_good(summary, policy) == 0);
  summary.last->next_attempt = noon + 26min;
  CHECK(check_in(summary, policy)->kind == EventKind::ping_fail);
  CHECK(failed_for_good(summary, policy) == 1);
}

TEST_CASE("an event is one sentence") {
  const auto say = [](EventKind kind, const ScheduleSummary& summary, Names spiders = {}) {
    return sentence({kind, "key", std::move(spiders)}, "jobs", summary, {});
  };
  CHECK(say(EventKind::failing, bad(1)) ==
        "spider-check jobs: the last run failed: 1 of 2 spiders failed (a); the last success is "
        "5 h old");
  CHECK(say(EventKind::failing, bad(3)).starts_with("spider-check jobs: the last 3 runs failed: "));
  ScheduleSummary never;
  never.last = run(RunStatus::failed, 1h);
  never.failed_runs = 1;
  CHECK(say(EventKind::failing, never).ends_with("; no run has ever succeeded"));
  CHECK(say(EventKind::degraded, good(), {"a"}) == "spider-check jobs: spider a is degraded");
  CHECK(say(EventKind::degraded, good(), {"a", "b", "c", "d", "e", "f"}) ==
        "spider-check jobs: 6 spiders (a, b, c, d, e, …) are degraded");
  CHECK(say(EventKind::recovered, good()) == "spider-check jobs: recovered; a run succeeded");
}

TEST_CASE("the words of events are read back") {
  for (const auto kind : {EventKind::failing, EventKind::stale, EventKind::recovered,
                          EventKind::degraded, EventKind::restored, EventKind::test,
                          EventKind::ping_success, EventKind::ping_fail, EventKind::ping_log}) {
    CHECK(parse_event_kind(to_text(kind)) == kind);
  }
  CHECK_FALSE(parse_event_kind("other").has_value());
}

TEST_CASE("the pauses between tries double, up to an hour") {
  const std::pair<int, Duration> cases[] = {{1, 1min},  {2, 2min}, {3, 4min},
                                            {6, 32min}, {7, 1h},   {1000, 1h}};
  for (const auto& [tries, pause] : cases) CHECK(pause_after(tries) == pause);
}

}  // namespace spider_check::test
