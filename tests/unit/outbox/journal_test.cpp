// What a host can say of its runs without the database.
#include "outbox/journal.hpp"

#include <doctest/doctest.h>

namespace spider_check {

using namespace std::chrono_literals;

namespace {

const HostTime now{"boot", 100h, 20h, TimePoint(500'000h)};

HostTime ago(Duration by) {
  return earlier(now, by);
}

/** Of the boot before this one, by a clock that was right. */
HostTime before_boot(Duration by) {
  return {"earlier boot", 1h, 0s, now.wall - by};
}

AttemptRecord attempt(const std::string& uuid, int number, Duration started_ago) {
  AttemptRecord record;
  record.claim = {0, number, {}, uuid + "/" + std::to_string(number), uuid};
  record.owner = {"laptop", "boot", 1, 4711, 99, "machine"};
  record.spider_count = 2;
  record.run_started = record.began = ago(started_ago);
  return record;
}

AttemptRecord ended(AttemptRecord record, RunStatus status, Duration ended_ago,
                    std::optional<Duration> retry_after = {}) {
  record.end = JournaledEnd{
      {status, status == RunStatus::failed ? "it failed" : "", {}, retry_after}, ago(ended_ago)};
  return record;
}

SpiderOutcome outcome(const std::string& spider, Verdict verdict) {
  SpiderOutcome made;
  made.spider = spider;
  made.judgement = {verdict, {}};
  return made;
}

State state_with(std::vector<PendingAttempt> attempts, HostState host_state = {}) {
  return state_of({std::move(host_state), std::move(attempts), 1}, now);
}

}  // namespace

TEST_CASE("within one boot the age is that of the clock that nobody can set") {
  auto then = ago(2h);
  then.wall += 10'000h;
  CHECK(age(then, now) == 2h);
}

TEST_CASE("across boots the wall clock must do, and may have gone backwards") {
  CHECK(age(before_boot(105h), now) == 105h);
  CHECK_FALSE(age(before_boot(-1s), now).has_value());
  CHECK(least_age(before_boot(-1s), now) == now.since_boot);
  // By the wall clock this boot had begun then.
  CHECK_FALSE(age(before_boot(99h), now).has_value());
  CHECK(least_age(before_boot(99h), now) == now.since_boot);
}

TEST_CASE("a host woke up when it slept meanwhile, or was booted not long ago") {
  CHECK_FALSE(woke_between(ago(1h), now));
  auto then = ago(1h);
  then.asleep -= 10min;
  CHECK(woke_between(then, now));
  CHECK_FALSE(woke_between(before_boot(1h), now));
  auto booted = now;
  booted.since_boot = 1min;
  CHECK(woke_between(before_boot(1h), booted));
}

TEST_CASE("an empty journal knows nothing") {
  const auto state = state_with({});
  CHECK_FALSE(state.newest_success.has_value());
  CHECK_FALSE(state.last.has_value());
  CHECK(state.now == now.wall);
}

TEST_CASE("the success that the database knew counts, whichever host's it was") {
  HostState host_state;
  host_state.success = ago(3h);
  CHECK(state_with({}, host_state).newest_success == now.wall - 3h);
}

TEST_CASE("of several successes the newest counts") {
  HostState host_state;
  host_state.success = ago(9h);
  const auto done = ended(attempt("a", 1, 5h), RunStatus::completed, 4h);
  const auto newer = ended(attempt("b", 1, 1h), RunStatus::completed, 0h);
  const auto state = state_with({{"1", done, false}, {"2", newer, false}}, host_state);
  CHECK(state.newest_success == now.wall - 1h);
  CHECK(state.last->uuid == "b");
}

TEST_CASE("a run without spiders, or of some spiders only, is no success") {
  auto none = ended(attempt("a", 1, 1h), RunStatus::completed, 0h);
  none.spider_count = 0;
  auto partial = ended(attempt("b", 1, 1h), RunStatus::completed, 0h);
  partial.run.partial = true;
  CHECK_FALSE(state_with({{"1", none, false}, {"2", partial, false}}).newest_success.has_value());
}

TEST_CASE("a failed run tells when it may be tried again, counted from its end") {
  const auto failed = ended(attempt("a", 1, 20min), RunStatus::failed, 10min, 15min);
  const auto last = *state_with({{"1", failed, false}}).last;
  CHECK(last.status == RunStatus::failed);
  CHECK(last.failure == "it failed");
  CHECK(last.next_attempt == now.wall + 5min);
  CHECK(last.started == now.wall - 20min);
}

TEST_CASE("of several attempts at a run the newest counts") {
  const auto first = ended(attempt("a", 1, 1h), RunStatus::failed, 50min, 15min);
  auto second = ended(attempt("a", 2, 1h), RunStatus::completed, 10min);
  const auto state = state_with({{"1", first, false}, {"2", second, false}});
  CHECK(state.last->attempt == 2);
  CHECK(state.newest_success == now.wall - 1h);
}

TEST_CASE("an attempt of the journal goes on from a run that the database knew") {
  HostState host_state;
  host_state.last =
      HostRun{{7, 1, {}, {}, "a"}, RunStatus::failed, ago(1h), ago(50min), 15min, 2, "", {}};
  CHECK(state_with({}, host_state).last->id == 7);
  CHECK(state_with({}, host_state).last->next_attempt == now.wall - 35min);
  const auto second = ended(attempt("a", 2, 1h), RunStatus::failed, 10min, 30min);
  CHECK(state_with({{"1", second, false}}, host_state).last->attempt == 2);
}

TEST_CASE("an attempt without an end is running while its writer is there") {
  const auto open = attempt("a", 1, 10min);
  auto last = *state_with({{"1", open, true}}).last;
  CHECK(last.status == RunStatus::running);
  CHECK(last.lock_held);
  last = *state_with({{"1", open, false}}).last;
  CHECK(last.status == RunStatus::running);
  CHECK_FALSE(last.lock_held);
  CHECK(last.owner.pid == 4711);
}

TEST_CASE("what a clock that went backwards made a run of the future counts for nothing") {
  auto future = ended(attempt("a", 1, 0h), RunStatus::completed, 0h);
  future.run_started = before_boot(-1h);
  HostState host_state;
  host_state.success = before_boot(-2h);
  const auto state = state_with({{"1", future, false}}, host_state);
  CHECK_FALSE(state.newest_success.has_value());
  CHECK_FALSE(state.last.has_value());
  CHECK(state.future_runs == 2);
}

TEST_CASE("each spider that was started has one outcome, also when its program died") {
  auto record = attempt("a", 1, 1h);
  record.starts = {{"x", "/logs/x", ago(50min)}, {"y", "/logs/y", ago(40min)}};
  record.outcomes = {{outcome("x", Verdict::ok), ago(30min)},
                     {outcome("x", Verdict::ok), ago(30min)}};
  const auto all = outcomes_of(record);
  REQUIRE(all.size() == 2);
  CHECK(all[0].outcome.spider == "x");
  CHECK(all[1].outcome.spider == "y");
  CHECK(all[1].outcome.judgement.verdict == Verdict::failed);
  CHECK(all[1].outcome.judgement.reasons[0].starts_with("interrupted"));
  CHECK(all[1].ended == ago(40min));
  CHECK(succeeded_in(record) == std::vector<std::string>{"x", "x"});
}

TEST_CASE("an attempt whose program died was interrupted and may be tried again at once") {
  auto record = attempt("a", 1, 1h);
  record.starts = {{"x", "/logs/x", ago(50min)}};
  const auto end = end_of(record, now);
  CHECK(end.end.status == RunStatus::failed);
  CHECK(end.end.failure == "interrupted: laptop, pid 4711 is gone");
  auto later = now;
  later.boot_id = "next boot";
  CHECK(end_of(record, later).end.failure ==
        "interrupted: laptop was switched off, or lost its power");
  CHECK(end.end.retry_after == Duration{0});
  CHECK(end.at == ago(50min));
}

namespace {

/** What the database says; its clock is three hours ahead of this host's. */
constexpr auto ahead = 3h;

State database(std::optional<Run> last = {}) {
  State state;
  state.now = now.wall + ahead;
  state.last = std::move(last);
  if (state.last && state.last->status == RunStatus::completed) {
    state.newest_success = state.last->started;
  }
  return state;
}

Run row(RunId id, const std::string& uuid, int number, RunStatus status, Duration started_ago) {
  Run run;
  run.id = id;
  run.uuid = uuid;
  run.attempt = number;
  run.status = status;
  run.spider_count = 2;
  run.started = run.heartbeat = now.wall + ahead - started_ago;
  run.token = uuid + "/" + std::to_string(number);
  return run;
}

}  // namespace

TEST_CASE("with nothing in the journal the database's state stays as it is") {
  const auto state = merge(database(row(7, "x", 1, RunStatus::completed, 5h)), {}, now);
  CHECK(state.last->id == 7);
  CHECK_FALSE(state.last->in_journal);
  CHECK(state.newest_success == now.wall + ahead - 5h);
}

TEST_CASE("a success that the database refused counts, by the database's clock") {
  const auto state = merge(database(row(7, "x", 1, RunStatus::completed, 5h)),
                           {{"1", ended(attempt("y", 1, 1h), RunStatus::completed, 50min)}}, now);
  CHECK(state.newest_success == state.now - 1h);
  CHECK(state.last->in_journal);
  CHECK(state.last->finished == state.now - 50min);
}

TEST_CASE("of one run the later attempt counts, and of one attempt its end") {
  struct Case {
    RunStatus database;
    int attempt;
    std::optional<RunStatus> journal;
    int journaled;
    bool by_journal;
  };

  const Case cases[] = {
      {RunStatus::running, 1, RunStatus::completed, 1, true},
      {RunStatus::running, 1, RunStatus::failed, 1, true},
      {RunStatus::running, 1, std::nullopt, 1, false},
      {RunStatus::failed, 1, RunStatus::failed, 1, false},
      {RunStatus::failed, 1, RunStatus::completed, 1, true},
      {RunStatus::failed, 1, RunStatus::failed, 2, true},
      {RunStatus::failed, 1, std::nullopt, 2, true},
      {RunStatus::running, 2, RunStatus::failed, 1, false},
      {RunStatus::completed, 1, RunStatus::failed, 2, false},
  };
  for (const auto& each : cases) {
    auto record = attempt("x", each.journaled, 1h);
    if (each.journal) record = ended(record, *each.journal, 30min);
    const auto state =
        merge(database(row(7, "x", each.attempt, each.database, 1h)), {{"1", record}}, now);
    CAPTURE(to_text(each.database));
    CAPTURE(each.journaled);
    CHECK(state.last->in_journal == each.by_journal);
    CHECK(state.last->id == 7);
  }
}

TEST_CASE("an attempt of another owner that goes on under the same number is another attempt") {
  auto other = row(7, "x", 2, RunStatus::running, 1h);
  other.token = "another";
  const auto state =
      merge(database(other), {{"1", ended(attempt("x", 2, 1h), RunStatus::failed, 30min)}}, now);
  CHECK_FALSE(state.last->in_journal);
}

TEST_CASE("how an attempt ended counts for more than that others took it for interrupted") {
  auto marked = row(7, "x", 1, RunStatus::failed, 1h);
  marked.token.clear();
  const auto record = ended(attempt("x", 1, 1h), RunStatus::failed, 30min);
  CHECK(merge(database(marked), {{"1", record}}, now).last->in_journal);
  marked.attempt = 2;
  CHECK_FALSE(merge(database(marked), {{"1", record}}, now).last->in_journal);
}

TEST_CASE("a newer run of another host is the last one, and an older success of ours counts") {
  const auto state = merge(database(row(8, "z", 1, RunStatus::failed, 30min)),
                           {{"1", ended(attempt("y", 1, 2h), RunStatus::completed, 110min)}}, now);
  CHECK(state.last->id == 8);
  CHECK(state.newest_success == state.now - 2h);
}

TEST_CASE("a run of some spiders that goes on unrecorded is known, and moves nothing") {
  auto record = attempt("y", 1, 1h);
  record.run.partial = true;
  const auto state =
      merge(database(row(7, "x", 1, RunStatus::completed, 5h)), {{"1", record, true}}, now);
  CHECK(state.last->id == 7);
  REQUIRE(state.partial.has_value());
  CHECK(state.partial->lock_held);
}

}  // namespace spider_check
