// What every RunStore does, shown of the real one and of the one that the unit tests rely on.

#include <vector>

#include <doctest/doctest.h>
#include <poll.h>

#include "outbox/journal.hpp"
#include "two_hosts.hpp"
#include "util/errors.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

/** Runs everything, with success or without. */
RunId run_through(RunStore& store, RunStatus status, bool partial = false) {
  const auto lock = store.try_lock();
  REQUIRE(lock);
  NewRun run;
  run.partial = partial;
  auto ours = start(store, *lock, run);
  count(store, ours, 2, 2min);
  add(store, ours, {outcome("good", Exited{0})});
  add(store, ours, {outcome("bad", Exited{status == RunStatus::completed ? 0 : 1})});
  const bool failed = status == RunStatus::failed;
  finish(store, ours,
         {status,
          failed ? "it failed" : "",
          {},
          failed ? std::optional<Duration>(15min) : std::nullopt});
  return ours.claim.id;
}

constexpr int patience = 20'000;  // milliseconds

/** Whether what the store waits for has come, or comes within so many milliseconds. */
bool readable(const RunStore& store, int milliseconds = 0) {
  const auto poll_request = store.poll_request();
  if (poll_request.until) return *poll_request.until <= std::chrono::steady_clock::now();
  if (poll_request.fd < 0) return false;
  REQUIRE(poll_request.to_read);
  pollfd fd{poll_request.fd, POLLIN, 0};
  return ::poll(&fd, 1, milliseconds) > 0;
}

}  // namespace

TEST_CASE_TEMPLATE("an empty store knows nothing", World, Real, Memory) {
  World world;
  CHECK_FALSE(world.a().latest_success().newest_success.has_value());
  const auto state = world.a().state();
  CHECK_FALSE(state.last.has_value());
  CHECK_FALSE(state.partial.has_value());
  CHECK(state.free_slots == 1);
  CHECK(state.future_runs == 0);
  CHECK_FALSE(world.a().lock_holder().has_value());
}

TEST_CASE_TEMPLATE("a completed run is the newest success, seen by every host", World, Real,
                   Memory) {
  World world;
  const auto ours = run_through(world.a(), RunStatus::completed);
  world.age(2h);
  const auto latest_success = world.b().latest_success();
  REQUIRE(latest_success.newest_success.has_value());
  CHECK(about(*latest_success.newest_success + 2h, latest_success.now));
  const auto state = world.b().state();
  REQUIRE(state.last.has_value());
  CHECK(state.last->id == ours);
  CHECK(state.last->status == RunStatus::completed);
  CHECK(state.last->spider_count == 2);
  CHECK(state.last->finished.has_value());
  CHECK_FALSE(state.last->next_attempt.has_value());
  CHECK_FALSE(state.last->lock_held);
}

TEST_CASE_TEMPLATE("a failed run is no success, and says why and until when", World, Real, Memory) {
  World world;
  (void)run_through(world.a(), RunStatus::failed);
  const auto state = world.a().state();
  CHECK_FALSE(state.newest_success.has_value());
  REQUIRE(state.last.has_value());
  CHECK(state.last->status == RunStatus::failed);
  CHECK(state.last->failure == "it failed");
  REQUIRE(state.last->next_attempt.has_value());
  CHECK(about(*state.last->next_attempt, state.now + 15min));
}

TEST_CASE_TEMPLATE("a partial run is neither success nor last run", World, Real, Memory) {
  World world;
  (void)run_through(world.a(), RunStatus::completed, true);
  const auto state = world.a().state();
  CHECK_FALSE(state.newest_success.has_value());
  CHECK_FALSE(state.last.has_value());
  CHECK_FALSE(state.partial.has_value());
}

TEST_CASE_TEMPLATE("a partial run in progress is seen until a newer whole run", World, Real,
                   Memory) {
  World world;
  {
    const auto lock = world.a().try_lock();
    NewRun partial;
    partial.partial = true;
    auto ours = start(world.a(), *lock, partial);
    REQUIRE(world.b().state().partial.has_value());
    CHECK(world.b().state().partial->id == ours.claim.id);
    CHECK(world.b().state().partial->lock_held);
  }
  CHECK_FALSE(world.b().state().partial->lock_held);
  world.age(1min);
  (void)run_through(world.b(), RunStatus::completed);
  CHECK_FALSE(world.b().state().partial.has_value());
}

TEST_CASE_TEMPLATE("a lock is exclusive between hosts, and its holder is known", World, Real,
                   Memory) {
  World world;
  auto lock = world.a().try_lock();
  REQUIRE(lock);
  CHECK(lock->slot() == 0);
  CHECK_FALSE(world.b().try_lock());
  const auto holder = world.b().lock_holder();
  REQUIRE(holder.has_value());
  CHECK(holder->host == "laptop");
  CHECK(holder->pid == 1);
  CHECK(world.b().state().free_slots == 0);
  CHECK(world.a().state().free_slots == 1);
  lock->release();
  CHECK(world.b().try_lock());
}

TEST_CASE_TEMPLATE("a lock that goes out of scope is free", World, Real, Memory) {
  World world;
  CHECK(world.a().try_lock());
  CHECK(world.b().try_lock());
}

TEST_CASE_TEMPLATE("two slots are two locks", World, Real, Memory) {
  World world(2);
  const auto first = world.a().try_lock();
  first->decided();
  const auto second = world.b().try_lock();
  REQUIRE(second);
  second->decided();
  CHECK(first->slot() != second->slot());
  CHECK(world.a().state().free_slots == 1);
}

TEST_CASE_TEMPLATE("a running run tells its owner, and whether its lock is held", World, Real,
                   Memory) {
  World world;
  {
    const auto lock = world.a().try_lock();
    auto ours = start(world.a(), *lock);
    const auto state = world.b().state();
    REQUIRE(state.last.has_value());
    CHECK(state.last->id == ours.claim.id);
    CHECK(state.last->status == RunStatus::running);
    CHECK(state.last->owner == owner(1));
    CHECK(state.last->lock_held);
    CHECK(about(state.last->heartbeat, state.now));
    CHECK(state.last->attempt == 1);
  }
  CHECK_FALSE(world.b().state().last->lock_held);
}

TEST_CASE_TEMPLATE("a heartbeat moves updated_at", World, Real, Memory) {
  World world;
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  world.age(1h);
  CHECK(about(world.b().state().last->heartbeat + 1h, world.b().state().now));
  (void)beat(world.a(), ours);
  CHECK(about(world.b().state().last->heartbeat, world.b().state().now));
}

TEST_CASE_TEMPLATE("a retry is the same run with its first start", World, Real, Memory) {
  World world;
  const auto first = run_through(world.a(), RunStatus::failed);
  world.age(20min);
  const auto seen = world.b().state().last;
  const auto lock = world.b().try_lock();
  auto ours = retry(world.b(), *seen, *lock, owner(2, "server"));
  CHECK(ours.claim.id == first);
  CHECK(ours.claim.attempt == 2);
  CHECK(world.b().succeeded(ours.claim.id) == Names{"good"});
  const auto state = world.a().state();
  CHECK(state.last->status == RunStatus::running);
  CHECK(state.last->started == seen->started);
  CHECK(state.last->owner == owner(2, "server"));
  CHECK(state.last->failure.empty());
  CHECK_FALSE(state.last->finished.has_value());
}

TEST_CASE_TEMPLATE("of two that saw the same failed run one retries it", World, Real, Memory) {
  World world(2);
  (void)run_through(world.a(), RunStatus::failed);
  const auto seen = *world.a().state().last;
  const auto lock_a = world.a().try_lock();
  lock_a->decided();
  const auto lock_b = world.b().try_lock();
  lock_b->decided();
  (void)retry(world.a(), seen, *lock_a);
  CHECK_THROWS_AS((void)retry(world.b(), seen, *lock_b, owner(2, "server")), LostRun);
}

TEST_CASE_TEMPLATE("a run that goes on is not tried again", World, Real, Memory) {
  World world;
  const auto lock = world.a().try_lock();
  const auto ours = start(world.a(), *lock);
  CHECK_THROWS_AS((void)retry(world.b(), *world.b().state().last, *lock, owner(2, "server")),
                  LostRun);
  CHECK_FALSE(beat(world.a(), ours).is_new);
}

TEST_CASE_TEMPLATE("whoever was overtaken cannot write any more", World, Real, Memory) {
  World world;
  AttemptRecord old;
  {
    const auto lock = world.a().try_lock();
    old = start(world.a(), *lock);
  }
  CHECK(world.b().mark_interrupted(*world.b().state().last, "interrupted: laptop, pid 1 is gone"));
  CHECK(world.b().state().last->failure == "interrupted: laptop, pid 1 is gone");
  CHECK(world.b().state().last->next_attempt.has_value());
  const auto lock = world.b().try_lock();
  (void)retry(world.b(), *world.b().state().last, *lock, owner(2, "server"));
  CHECK_THROWS_AS((void)beat(world.a(), old), LostRun);
  CHECK_THROWS_AS(count(world.a(), old, 9, 2min), LostRun);
  CHECK_THROWS_AS(add(world.a(), old, {outcome("x", Exited{0})}), LostRun);
  CHECK_THROWS_AS(finish(world.a(), old, {RunStatus::completed, {}, {}, {}}), LostRun);
  CHECK(world.b().outcomes(old.claim.id).empty());
}

TEST_CASE_TEMPLATE("marking a run that went on in the meantime changes nothing", World, Real,
                   Memory) {
  World world;
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  const auto seen = *world.b().state().last;
  finish(world.a(), ours, {RunStatus::completed, {}, {}, {}});
  CHECK_FALSE(world.b().mark_interrupted(seen, "interrupted"));
  CHECK_FALSE(world.b().state().last.has_value());  // completed without spiders: a marker
  CHECK_NOTHROW((void)beat(world.a(), ours));
}

TEST_CASE_TEMPLATE("a run is marked as it was seen, or not at all", World, Real, Memory) {
  World world(2);
  const auto lock = world.a().try_lock();
  lock->decided();
  auto ours = start(world.a(), *lock);
  world.age(1h);
  const auto seen = *world.b().state().last;
  SUBCASE("its owner has written since") {
    (void)beat(world.a(), ours);
  }
  SUBCASE("its owner is back since") {
    world.break_connection_of_a();
    CHECK(reclaim(world.a(), ours, *lock).id == ours.claim.id);
  }
  SUBCASE("somebody else has it since") {
    CHECK(world.a().mark_interrupted(seen, "interrupted"));
    (void)retry(world.a(), *world.a().state().last, *lock);
  }
  SUBCASE("somebody removed it") {
    world.remove_rows();
  }
  CHECK_FALSE(world.b().mark_interrupted(seen, "interrupted"));
  const auto last = world.b().state().last;
  if (last) CHECK(last->status == RunStatus::running);
}

TEST_CASE_TEMPLATE("how long spiders may live without their program is written with their number",
                   World, Real, Memory) {
  World world;
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  CHECK(world.b().state().last->spiders_outlive == 0s);
  count(world.a(), ours, 3, 11min + 5us);
  CHECK(world.b().state().last->spiders_outlive == 11min + 5us);
  finish(world.a(), ours, {RunStatus::failed, "it failed", {}, 0s});
  (void)retry(world.a(), *world.a().state().last, *lock);
  CHECK(world.b().state().last->spiders_outlive == 0s);
}

TEST_CASE_TEMPLATE("it is known since when the server has been there", World, Real, Memory) {
  World world;
  const auto state = world.a().state();
  REQUIRE(state.server_since.has_value());
  CHECK(*state.server_since <= state.now);
}

TEST_CASE_TEMPLATE("a run that was removed is recorded again, and not taken for somebody else's",
                   World, Real, Memory) {
  World world;
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  count(world.a(), ours, 2, 3min);
  add(world.a(), ours, {outcome("a", Exited{0})});
  CHECK_FALSE(beat(world.a(), ours).is_new);
  world.remove_rows();
  const auto recorded = beat(world.a(), ours);
  CHECK(recorded.is_new);
  CHECK_FALSE(beat(world.a(), ours).is_new);
  const auto run = *world.b().state().last;
  CHECK(run.status == RunStatus::running);
  CHECK(run.id == recorded.id);
  CHECK(run.uuid == ours.claim.uuid);
  CHECK(run.started == recorded.started);
  CHECK(run.lock_held);
  CHECK(run.spider_count == 2);
  CHECK(run.spiders_outlive == 3min);
  add(world.a(), ours, {outcome("a", Exited{0})});
  CHECK(world.b().succeeded(recorded.id) == Names{"a"});
  SUBCASE("also with its last outcome") {
    world.remove_rows();
    add(world.a(), ours, {outcome("b", Exited{0})});
    CHECK(world.b().succeeded(world.b().state().last->id) == Names{"b"});
  }
  SUBCASE("also with its end") {
    world.remove_rows();
    finish(world.a(), ours, {RunStatus::completed, {}, {}, {}});
    CHECK(world.b().latest_success().newest_success.has_value());
  }
}

TEST_CASE_TEMPLATE("a run that is somebody else's is not recorded again", World, Real, Memory) {
  World world;
  const auto lock = world.a().try_lock();
  const auto ours = start(world.a(), *lock);
  CHECK(world.b().mark_interrupted(*world.b().state().last, "interrupted"));
  CHECK_THROWS_AS((void)beat(world.a(), ours), LostRun);
}

TEST_CASE_TEMPLATE("while a run is tried again what was wrong before stays known", World, Real,
                   Memory) {
  World world;
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  finish(world.a(), ours, {RunStatus::failed, "it failed", {"a fault"}, 0s});
  auto again = retry(world.a(), *world.a().state().last, *lock);
  CHECK(world.faults() == Names{"a fault"});
  CHECK(world.a().state().last->failure.empty());
  finish(world.a(), again, {RunStatus::completed, {}, {}, {}});
  CHECK(world.faults().empty());
}

TEST_CASE_TEMPLATE("an outcome is recorded as it was, and twice is once", World, Real, Memory) {
  World world;
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  const auto killed = outcome("it's \"odd\";\n--", Signaled{9});
  add(world.a(), ours, {killed});
  add(world.a(), ours, {killed});
  add(world.a(), ours, {outcome("missing", NotStarted{"cannot execute {x}, \"y\\z\""})});
  const auto outcomes = world.b().outcomes(ours.claim.id);
  REQUIRE(outcomes.size() == 2);
  const auto& odd = outcomes[0].outcome;
  CHECK(odd.spider == killed.spider);
  CHECK(odd.child.termination == Termination{Signaled{9}});
  CHECK(odd.child.took == killed.child.took);
  CHECK(odd.child.cpu_time == killed.child.cpu_time);
  CHECK(odd.child.peak_memory == killed.child.peak_memory);
  CHECK(odd.judgement.verdict == Verdict::failed);
  CHECK(odd.judgement.reasons == Names{"killed by SIGKILL"});
  CHECK(odd.log == killed.log);
  CHECK(outcomes[1].outcome.judgement.reasons ==
        Names{"not started: cannot execute {x}, \"y\\z\""});
}

TEST_CASE_TEMPLATE("of several attempts the newest outcome of each spider counts", World, Real,
                   Memory) {
  World world;
  const auto first = run_through(world.a(), RunStatus::failed);
  const auto lock = world.a().try_lock();
  auto ours = retry(world.a(), *world.a().state().last, *lock);
  add(world.a(), ours, {outcome("bad", Exited{0})});
  const auto outcomes = world.a().outcomes(first);
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].outcome.spider == "bad");
  CHECK(outcomes[0].attempt == 2);
  CHECK(outcomes[0].outcome.judgement.verdict == Verdict::ok);
  CHECK(outcomes[1].attempt == 1);
  CHECK(world.a().succeeded(first) == Names{"bad", "good"});
}

TEST_CASE_TEMPLATE("a lost connection is got back with its lock", World, Real, Memory) {
  World world;
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  world.break_connection_of_a();
  CHECK_FALSE(world.b().state().last->lock_held);
  const auto reclaimed = reclaim(world.a(), ours, *lock);
  CHECK(reclaimed.id == ours.claim.id);
  CHECK(world.b().state().last->lock_held);
  CHECK_NOTHROW((void)beat(world.a(), ours));
}

TEST_CASE_TEMPLATE("a connection that is lost while nothing is written tells so by itself", World,
                   Real, Memory) {
  World world;
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  CHECK_NOTHROW(world.a().watch());
  CHECK_FALSE(readable(world.a()));
  world.break_connection_of_a();
  CHECK(readable(world.a(), patience));
  try {
    // What the server says last, and its end, need not come in one piece.
    while (readable(world.a(), patience)) world.a().watch();
    FAIL("nobody told of it");
  } catch (const DbError& error) {
    CHECK(error.kind() == DbError::Kind::connection);
  }
  CHECK(reclaim(world.a(), ours, *lock).id == ours.claim.id);
  CHECK_NOTHROW(world.a().watch());
}

TEST_CASE_TEMPLATE("a lost connection whose lock another host took is a lost run", World, Real,
                   Memory) {
  World world;
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  world.break_connection_of_a();
  const auto others = world.b().try_lock();
  REQUIRE(others);
  CHECK_THROWS_AS((void)reclaim(world.a(), ours, *lock), LostRun);
}

namespace {

/** A crawl that went well, with these items. */
SpiderOutcome crawl(const std::string& spider, std::int64_t items,
                    std::map<std::string, std::int64_t> fields = {}) {
  auto made = outcome(spider, Exited{0});
  made.crawl.emplace();
  made.crawl->source = CrawlSource::probe;
  made.crawl->ended = true;
  made.crawl->finish_reason = "finished";
  made.crawl->progress = {items, 3, 0};
  made.crawl->fields = std::move(fields);
  made.crawl->stats = R"({"item_scraped_count": 12, "odd \u0001 key": [1, null, "x"]})";
  return made;
}

}  // namespace

TEST_CASE_TEMPLATE("several outcomes are written at once, and read back", World, Real, Memory) {
  World world;
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  add(world.a(), ours, {crawl("a", 12), crawl("b", 0), outcome("c", Exited{1})});
  CHECK_NOTHROW(world.a().watch());
  CHECK_FALSE(world.a().poll_request().until.has_value());
  const auto read = world.a().outcomes(ours.claim.id);
  REQUIRE(read.size() == 3);
  REQUIRE(read[0].outcome.crawl.has_value());
  CHECK(read[0].outcome.crawl->progress == Progress{12, 3, 0});
  CHECK(read[1].outcome.crawl->progress == Progress{0, 3, 0});
  CHECK_FALSE(read[2].outcome.crawl.has_value());
}

TEST_CASE_TEMPLATE("a degraded spider has succeeded", World, Real, Memory) {
  World world;
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  auto degraded = crawl("a", 12);
  degraded.judgement = {Verdict::degraded, {"1 error beside 12 items"}};
  add(world.a(), ours, {degraded});
  CHECK(world.a().succeeded(ours.claim.id) == Names{"a"});
  CHECK(world.a().outcomes(ours.claim.id)[0].outcome.judgement.verdict == Verdict::degraded);
}

TEST_CASE_TEMPLATE("a spider's history is its last good runs, the newest first", World, Real,
                   Memory) {
  World world;
  for (const int items : {1, 2, 3, 4, 5}) {
    const auto lock = world.a().try_lock();
    auto ours = start(world.a(), *lock);
    auto bad = crawl("bad", items);
    bad.judgement = {Verdict::failed, {"something"}};
    add(world.a(), ours,
        {crawl("a", items, {{"title", items}, {"odd\"name", 0}}), outcome("program", Exited{0}),
         bad});
    count(world.a(), ours, 3, 2min);
    finish(world.a(), ours, {RunStatus::completed, {}, {}, {}});
    world.age(1h);
  }
  const auto baselines = world.a().baselines({"a", "bad", "program", "never"});
  REQUIRE(baselines.size() == 1);
  const auto& history = baselines.at("a");
  REQUIRE(history.size() == 5);
  CHECK(history[0].items == 5);
  CHECK(history[4].items == 1);
  CHECK(history[0].pages == 3);
  CHECK(history[0].good);
  CHECK(history[0].fields == std::map<std::string, std::int64_t>{{"title", 5}, {"odd\"name", 0}});
  CHECK(world.a().spiders_of_last_success() == Names{"a", "bad", "program"});
}

TEST_CASE_TEMPLATE("rows are kept, and make a history also of a program that is no crawl", World,
                   Real, Memory) {
  World world;
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  auto crawled = crawl("a", 12);
  crawled.rows = 9'000'000'000;
  auto program = outcome("program", Exited{0});
  program.rows = 0;
  add(world.a(), ours, {crawled, program, crawl("without", 12)});
  const auto read = world.a().outcomes(ours.claim.id);
  REQUIRE(read.size() == 3);
  CHECK(read[0].outcome.rows == 9'000'000'000);
  CHECK(read[1].outcome.rows == 0);
  CHECK_FALSE(read[2].outcome.rows);
  const auto baselines = world.a().baselines({"a", "program", "without"});
  REQUIRE(baselines.size() == 3);
  CHECK(baselines.at("a").front().rows == 9'000'000'000);
  CHECK(baselines.at("program").front().rows == 0);
  CHECK_FALSE(baselines.at("without").front().rows);
}

/** One run of a spider with that verdict. */
template <typename World>
void run_once(World& world, int items, Verdict verdict) {
  const auto lock = world.a().try_lock();
  auto ours = start(world.a(), *lock);
  auto done = crawl("a", items);
  done.judgement = {verdict, {}};
  add(world.a(), ours, {done});
  finish(world.a(), ours, {RunStatus::completed, {}, {}, {}});
  world.age(1h);
}

TEST_CASE_TEMPLATE("a change that lasts is what is usual, and what was before is not any more",
                   World, Real, Memory) {
  World world;
  using Items = std::vector<std::int64_t>;
  const auto items = [&] {
    Items found;
    const auto baselines = world.a().baselines({"a"});
    for (const auto& run : baselines.at("a")) found.push_back(run.good ? run.items : -run.items);
    return found;
  };
  const auto runs = [&](int number, int each, Verdict verdict) {
    for (int i = 0; i < number; ++i) run_once(world, each, verdict);
  };
  runs(25, 100, Verdict::ok);
  CHECK(items() == Items(20, 100));
  runs(20, 10, Verdict::degraded);
  run_once(world, 0, Verdict::failed);
  CHECK(items() == Items(5, 100));
  run_once(world, 10, Verdict::degraded);
  CHECK(items() == Items(20, -10));
  runs(4, 10, Verdict::ok);
  auto mixed = Items(4, 10);
  mixed.resize(20, -10);
  CHECK(items() == mixed);
  run_once(world, 10, Verdict::ok);
  CHECK(items() == Items(5, 10));
}

TEST_CASE_TEMPLATE("it is known up to which run all are older than an age", World, Real, Memory) {
  World world;
  CHECK(world.a().newest_run_before(0s) == 0);
  const auto first = run_through(world.a(), RunStatus::completed);
  world.age(1h);
  const auto second = run_through(world.a(), RunStatus::failed, true);
  world.age(1h);
  const auto third = run_through(world.b(), RunStatus::completed);
  CHECK(world.a().newest_run_before(3h) == 0);
  CHECK(world.a().newest_run_before(90min) == first);
  CHECK(world.a().newest_run_before(30min) == second);
  world.age(1h);
  CHECK(world.a().newest_run_before(30min) == third);
}

TEST_CASE_TEMPLATE("a run of the future is no reason to call another one young or old", World, Real,
                   Memory) {
  World world;
  const auto future = run_through(world.a(), RunStatus::completed);
  world.age(-24h);
  const auto run = run_through(world.a(), RunStatus::completed);
  CHECK(run > future);
  CHECK(world.a().newest_run_before(1h) == 0);
  world.age(2h);
  CHECK(world.a().newest_run_before(1h) == run);
}

TEST_CASE_TEMPLATE("of each spider the log of its newest failure is known", World, Real, Memory) {
  World world;
  CHECK(world.a().newest_failed_logs().empty());
  CHECK(world.a().spiders_of_last_success().empty());
  for (const auto* log : {"/logs/old", "/logs/new"}) {
    const auto lock = world.a().try_lock();
    auto ours = start(world.a(), *lock);
    auto failed = outcome("a", Exited{1});
    failed.log = log;
    // Its start is told by how long ago it ended.
    add(world.a(), ours, {failed, crawl("b", 1)}, std::string(log) == "/logs/old" ? 1h : 0h);
    finish(world.a(), ours, {RunStatus::failed, "a failed", {"one fault"}, 0s});
  }
  CHECK(world.a().newest_failed_logs() == std::vector<std::filesystem::path>{"/logs/new"});
}

}  // namespace spider_check::test
