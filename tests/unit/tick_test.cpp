#include "app/tick.hpp"

#include <doctest/doctest.h>

#include "support/host.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

const Run& only_run(MemoryDatabase& database) {
  REQUIRE(database.runs.size() == 1);
  return database.runs.front().run;
}

}  // namespace

TEST_CASE("the first tick runs every spider and records the run") {
  MemoryDatabase database;
  Host host(database);
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.spiders_run() == Names{"a", "b", "c"});
  const auto& run = only_run(database);
  CHECK(run.status == RunStatus::completed);
  CHECK(run.spider_count == 3);
  CHECK(run.started == database.now);
  CHECK(database.runs[0].outcomes.size() == 3);
  CHECK(database.slots.empty());
}

TEST_CASE("each spider has a log file of its own, named by run and attempt") {
  MemoryDatabase database;
  Host host(database);
  (void)host.tick();
  CHECK(host.runner.started[1].log == "/logs/default/b/run-1-attempt-1.log");
}

TEST_CASE("the log keeps the lines that monitoring greps for") {
  MemoryDatabase database;
  Host host(database);
  (void)host.tick();
  CHECK(host.logged("info Starting scheduler with 4 hour interval\n"));
  CHECK(host.logged("info Starting spider run for 3 spider(s)\n"));
  CHECK(host.logged("info Spider run completed successfully\n"));
  database.now += 2h;
  (void)host.tick();
  CHECK(host.logged("info Last run was 2.00 hours ago (required: 4 hours)\n"));
  CHECK(host.logged("info Recent run detected, skipping immediate execution"));
  database.now += 6h;
  (void)host.tick();
  CHECK(host.logged("info Time threshold met or exceeded, running spiders immediately\n"));
  CHECK(host.logged("info This run is 4 h late; 1 interval was missed\n"));
}

TEST_CASE("a skip runs nothing and records nothing") {
  MemoryDatabase database;
  Host host(database);
  (void)host.tick();
  host.runner.started.clear();
  database.now += 4h - 1us;
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.spiders_run().empty());
  CHECK(database.runs.size() == 1);
}

TEST_CASE("a failing spider fails the run, and the others still run") {
  MemoryDatabase database;
  Host host(database);
  host.runner.ends["a"] = Exited{3};
  host.runner.ends["b"] = Signaled{11, true};
  CHECK(host.tick().code == ExitCode::spider_failed);
  CHECK(host.spiders_run() == Names{"a", "b", "c"});
  const auto& run = only_run(database);
  CHECK(run.status == RunStatus::failed);
  CHECK(run.failure == "2 of 3 spiders failed (a, b)");
  CHECK(run.next_attempt == database.now + 15min);
  CHECK(host.logged("error Spider 'b' failed after 0.0 s: killed by SIGSEGV (core dumped)"));
}

TEST_CASE("a retry belongs to its run and starts only what has not succeeded") {
  MemoryDatabase database;
  Host host(database);
  const auto first_start = database.now;
  host.runner.ends["b"] = Exited{1};
  (void)host.tick();
  host.runner.started.clear();
  host.runner.ends.clear();
  database.now += 14min;
  (void)host.tick();
  CHECK(host.spiders_run().empty());
  database.now += 1min;
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.spiders_run() == Names{"b"});
  const auto& run = only_run(database);
  CHECK(run.status == RunStatus::completed);
  CHECK(run.attempt == 2);
  CHECK(run.started == first_start);
  CHECK(run.spider_count == 3);
  CHECK(host.runner.started[0].log == "/logs/default/b/run-1-attempt-2.log");
}

TEST_CASE("after the last attempt nothing runs until the interval is over") {
  MemoryDatabase database;
  Host host(database);
  host.runner.ends["b"] = Exited{1};
  (void)host.tick();
  database.now += 15min;
  (void)host.tick();
  database.now += 30min;
  (void)host.tick();
  CHECK(only_run(database).attempt == 3);
  CHECK(host.logged("no attempts are left in this interval"));
  host.runner.started.clear();
  database.now += 3h;
  (void)host.tick();
  CHECK(host.spiders_run().empty());
  database.now += 15min;
  (void)host.tick();
  CHECK(database.runs.size() == 2);
}

TEST_CASE("a project that cannot be listed is one fault, and other sources still run") {
  MemoryDatabase database;
  Host host(database);
  FakeSource broken({});
  broken.fault = "cannot list: /srv/jobs/spiders/a.py:3: SyntaxError: invalid syntax";
  host.schedule.sources.push_back(&broken);
  CHECK(host.tick().code == ExitCode::spider_failed);
  CHECK(host.spiders_run() == Names{"a", "b", "c"});
  CHECK(only_run(database).failure == broken.fault);
}

TEST_CASE("two spiders of one name: the first is run, and the run says so") {
  MemoryDatabase database;
  Host host(database);
  FakeSource other({"b", "d"});
  host.schedule.sources.push_back(&other);
  CHECK(host.tick().code == ExitCode::spider_failed);
  CHECK(host.spiders_run() == Names{"a", "b", "c", "d"});
  CHECK(only_run(database).failure == "two spiders have the name 'b'; only the first is run");
}

TEST_CASE("--spider runs only those, and never moves the schedule") {
  MemoryDatabase database;
  Host host(database);
  CHECK(host.tick({true, {"b"}}).code == ExitCode::success);
  CHECK(host.spiders_run() == Names{"b"});
  CHECK(database.runs[0].run.partial);
  CHECK(database.runs[0].trigger == Trigger::force);
  (void)host.tick();
  CHECK(host.spiders_run() == Names{"b", "a", "b", "c"});
}

TEST_CASE("a spider that does not exist changes nothing, and those that exist are named") {
  MemoryDatabase database;
  Host host(database);
  CHECK_THROWS_WITH_AS((void)host.tick({true, {"zz"}}),
                       "--spider: there is no spider 'zz'; there are: a, b, c", UsageError);
  CHECK(database.runs.empty());
}

TEST_CASE("a tick that finds another host running says who, and runs nothing") {
  MemoryDatabase database;
  Host server(database, "server", 17);
  Host laptop(database);
  ExitCode tick{};
  ExitCode forced{};
  server.runner.before_each = [&](const SpiderJob& job) {
    if (job.name != "a") return;
    tick = laptop.tick().code;
    forced = laptop.tick({true, {}}).code;
  };
  CHECK(server.tick().code == ExitCode::success);
  CHECK(tick == ExitCode::success);
  CHECK(forced == ExitCode::already_running);
  CHECK(laptop.spiders_run().empty());
  CHECK(laptop.logged("info Already running on server, pid 17, since"));
  CHECK(laptop.logged("error Already running on server, pid 17, since"));
}

TEST_CASE("the decision is made again under the lock") {
  MemoryDatabase database;
  Host server(database, "server", 17);
  Host laptop(database);

  database.before_lock = [&] { (void)server.tick(); };
  CHECK(laptop.tick().code == ExitCode::success);
  CHECK(laptop.spiders_run().empty());
  CHECK(laptop.logged("info Recent run detected"));
  CHECK(database.runs.size() == 1);
}

TEST_CASE("a run whose owner was killed is marked and finished by the next tick") {
  MemoryDatabase database;
  Host host(database, "laptop", 17);
  Host next(database, "laptop", 18);

  struct Killed {};

  host.runner.before_each = [](const SpiderJob& job) {
    if (job.name == "b") throw Killed{};
  };
  CHECK_THROWS_AS((void)host.tick(), Killed);
  CHECK(next.tick().code == ExitCode::success);
  CHECK(next.spiders_run() == Names{"b", "c"});
  CHECK(next.logged("warning Run 1 was interrupted: laptop, pid 17 is gone"));
  const auto& run = only_run(database);
  CHECK(run.status == RunStatus::completed);
  CHECK(run.attempt == 2);
}

TEST_CASE("an owner elsewhere is given up after takeover_after of silence") {
  MemoryDatabase database;
  Host server(database, "server", 17);
  Host laptop(database);

  struct Vanished {};

  server.runner.before_each = [](const SpiderJob&) { throw Vanished{}; };
  CHECK_THROWS_AS((void)server.tick(), Vanished);
  database.now += 2min;
  CHECK(laptop.tick().code == ExitCode::success);
  CHECK(laptop.spiders_run().empty());
  CHECK(laptop.logged("Run 1 belongs to server, pid 17, which may be reconnecting"));
  database.now += 1us;
  CHECK(laptop.tick().code == ExitCode::success);
  CHECK(laptop.spiders_run() == Names{"a", "b", "c"});
}

TEST_CASE("a signal ends the run as interrupted, and the next tick finishes it at once") {
  MemoryDatabase database;
  Host host(database);
  host.runner.stop_signal = 15;
  const auto result = host.tick();
  CHECK(result.signal == 15);
  CHECK(only_run(database).failure == "interrupted by SIGTERM");
  CHECK(only_run(database).next_attempt == database.now);
  host.runner.stop_signal = 0;
  host.runner.started.clear();
  CHECK(host.tick().code == ExitCode::success);
  // "a" exited with 0, but only because it was told to stop: its work is half done.
  CHECK(host.spiders_run() == Names{"a", "b", "c"});
  CHECK(only_run(database).status == RunStatus::completed);
}

TEST_CASE("a signal that comes while spiders are listed interrupts the run, too") {
  MemoryDatabase database;
  Host host(database);
  host.source.while_listed = [&] {
    CHECK(host.runner.holds);
    throw ListingStopped("not listed");
  };
  host.runner.early_signal = 15;
  CHECK(host.tick().signal == 15);
  CHECK_FALSE(host.runner.holds);
  CHECK(only_run(database).failure == "interrupted by SIGTERM");
  CHECK(database.runs[0].faults.empty());
  CHECK(only_run(database).next_attempt == database.now);
  CHECK(host.spiders_run().empty());
  CHECK_FALSE(host.logged("gone"));
  host.runner.early_signal = 0;
  host.source.while_listed = nullptr;
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.spiders_run() == Names{"a", "b", "c"});
}

TEST_CASE("a lost connection stops nothing, and no outcome is lost") {
  MemoryDatabase database;
  Host host(database);
  host.runner.before_each = [&](const SpiderJob& job) {
    database.down = job.name == "a" || job.name == "b";
    if (job.name == "a") host.store.lose_connection();
  };
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.spiders_run() == Names{"a", "b", "c"});
  CHECK(database.runs[0].outcomes.size() == 3);
  CHECK(only_run(database).status == RunStatus::completed);
  CHECK(host.logged("warning The database went away"));
  CHECK(host.logged("info Connected again: run 1 is still ours"));
}

TEST_CASE("a run that another host took over while spiders were listed starts none here") {
  MemoryDatabase database;
  Host server(database, "server", 17);
  Host laptop(database);
  server.source.while_listed = [&] {
    server.store.lose_connection();
    database.now += 3min;
    CHECK(laptop.tick().code == ExitCode::success);
  };
  CHECK(server.tick().code == ExitCode::spider_failed);
  CHECK(laptop.spiders_run() == Names{"a", "b", "c"});
  CHECK(server.spiders_run().empty());
  CHECK(server.logged("error run was taken over"));
  CHECK(only_run(database).status == RunStatus::completed);
}

TEST_CASE("a run that another host took over in the meantime is stopped here") {
  MemoryDatabase database;
  Host server(database, "server", 17);
  Host laptop(database);
  server.runner.before_each = [&](const SpiderJob& job) {
    if (job.name != "b") return;
    server.store.lose_connection();
    database.now += 3min;
    CHECK(laptop.tick().code == ExitCode::success);
  };
  CHECK(server.tick().code == ExitCode::spider_failed);
  CHECK(server.spiders_run() == Names{"a", "b"});
  CHECK(laptop.spiders_run() == Names{"b", "c"});
  CHECK(server.logged("error run was taken over; its spiders are stopped here"));
  CHECK(only_run(database).status == RunStatus::completed);
  CHECK(only_run(database).owner.host == "laptop");
}

TEST_CASE("with two slots two ticks at once still make one run") {
  MemoryDatabase database;
  Host server(database, "server", 17, 2);
  Host laptop(database, "laptop", 4711, 2);
  server.runner.before_each = [&](const SpiderJob&) { (void)laptop.tick(); };
  (void)server.tick();
  CHECK(laptop.spiders_run().empty());
  CHECK(database.runs.size() == 1);
}

TEST_CASE("with two slots a run longer than the interval does not hold the next one back") {
  MemoryDatabase database;
  Host server(database, "server", 17, 2);
  Host laptop(database, "laptop", 4711, 2);
  server.runner.before_each = [&](const SpiderJob& job) {
    if (job.name != "a") return;
    database.now += 4h;
    (void)laptop.tick();
  };
  (void)server.tick();
  CHECK(laptop.spiders_run() == Names{"a", "b", "c"});
  CHECK(database.runs.size() == 2);
  CHECK(database.runs[0].run.slot != database.runs[1].run.slot);
}

TEST_CASE("runs of the future count for nothing and are warned about") {
  MemoryDatabase database;
  Host host(database);
  (void)host.tick();
  database.now -= 24h;
  host.runner.started.clear();
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.spiders_run() == Names{"a", "b", "c"});
  CHECK(host.logged("warning 1 run(s) start in the future of the database's clock"));
}

TEST_CASE("a dry run says the decision and changes nothing") {
  MemoryDatabase database;
  Host host(database);
  CHECK(app::dry_run(host.schedule, {}) ==
        "Dry run: nothing is changed\n"
        "No successful run is recorded\n"
        "Decision: No run is recorded, running spiders for the first time\n");
  CHECK(database.runs.empty());
  CHECK(database.slots.empty());
  CHECK(host.runner.started.empty());
}

namespace {

/** A crawl that found so many items. */
CrawlReport crawl_of(std::int64_t items) {
  CrawlReport crawl;
  crawl.source = CrawlSource::probe;
  crawl.ended = true;
  crawl.finish_reason = "finished";
  crawl.progress = {items, 3, 0};
  return crawl;
}

}  // namespace

TEST_CASE("a crawl is judged by what it did, and exit status 0 alone is not enough") {
  MemoryDatabase database;
  Host host(database);
  host.source.crawls = {"a", "b"};
  host.witnesses.reports["a"] = crawl_of(12);
  CHECK(host.tick().code == ExitCode::spider_failed);
  CHECK(host.logged("info Spider 'a' ok after 0.0 s, 12 items, 3 pages\n"));
  CHECK(
      host.logged("error Spider 'b' failed after 0.0 s, 0 items, 0 pages: there are no final "
                  "statistics, neither from inside the crawl nor in its log; log /logs/"));
  CHECK(only_run(database).failure == "1 of 3 spiders failed (b)");
  CHECK(database.runs[0].outcomes[0].outcome.crawl->progress.items == 12);
  CHECK_FALSE(database.runs[0].outcomes[2].outcome.crawl.has_value());
}

TEST_CASE("a degraded spider is told of, completes the run and is not run again") {
  MemoryDatabase database;
  Host host(database);
  host.source.crawls = {"a"};
  host.witnesses.reports["a"] = crawl_of(12);
  host.witnesses.reports["a"].progress.errors = 2;
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.logged(
      "warning Spider 'a' degraded after 0.0 s, 12 items, 3 pages, 2 errors: 2 errors beside 12 "
      "items\n"));
  CHECK(only_run(database).status == RunStatus::completed);
}

TEST_CASE("what is usual comes from this spider's own good runs") {
  MemoryDatabase database;
  Host host(database);
  host.source.crawls = {"a", "b"};
  host.witnesses.reports["a"] = crawl_of(240);
  host.witnesses.reports["b"] = crawl_of(12);
  for (int run = 0; run < 5; ++run) {
    CHECK(host.tick().code == ExitCode::success);
    database.now += 4h;
  }
  host.witnesses.reports["a"] = crawl_of(12);
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.logged("12 items, median of the last 5 good runs is 240"));
  CHECK_FALSE(host.logged("'b' degraded"));
}

TEST_CASE("a spider that is gone is told once, and is no failure") {
  MemoryDatabase database;
  Host host(database);
  (void)host.tick();
  database.now += 4h;
  host.source.spiders = {"a", "c"};
  CHECK(host.tick().code == ExitCode::success);
  const std::string fault = "spider 'b' is gone: it was run last time, and is not listed any more";
  CHECK(host.logged("warning " + fault));
  CHECK(database.runs[1].faults == Names{fault});
  database.now += 4h;
  (void)host.tick();
  CHECK(database.runs[2].faults.empty());
}

TEST_CASE("where the list has failed nobody is missed") {
  MemoryDatabase database;
  Host host(database);
  (void)host.tick();
  database.now += 4h;
  host.source.fault = "cannot list";
  (void)host.tick();
  CHECK_FALSE(host.logged("is gone"));
  CHECK(database.runs[1].faults == Names{"cannot list"});
}

TEST_CASE("a spider that cannot be run at all is told of and recorded") {
  MemoryDatabase database;
  Host host(database);
  host.source.left_out = {"a name that cannot be"};
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.logged("warning a name that cannot be"));
  CHECK(database.runs[0].faults == Names{"a name that cannot be"});
}

TEST_CASE("a run that takes too long is failed, and its rest is left to the retry") {
  MemoryDatabase database;
  Host host(database);
  host.runner.timed_out = true;
  CHECK(host.tick().code == ExitCode::spider_failed);
  CHECK(only_run(database).failure ==
        "the run took longer than its limit (run_timeout): 2 spider(s) were not started");
  host.runner.timed_out = false;
  host.runner.started.clear();
  database.now += 15min;
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.spiders_run() == Names{"b", "c"});
}

TEST_CASE("a signal after the last spider succeeded completes the run and ends by the signal") {
  MemoryDatabase database;
  Host host(database);
  host.source.spiders = {"a"};
  host.runner.stop_signal = 15;
  host.runner.heeds_signal = false;
  const auto result = host.tick();
  CHECK(result.signal == 15);
  CHECK(only_run(database).status == RunStatus::completed);
}

TEST_CASE("a past that cannot be read is warned of, and holds nothing up") {
  MemoryDatabase database;
  Host host(database);
  database.refuses_history = true;
  host.source.crawls = {"a"};
  host.witnesses.reports["a"] = crawl_of(12);
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.logged("warning What spiders did before cannot be read: it takes too long"));
}

TEST_CASE("rules are given to every job") {
  MemoryDatabase database;
  Host host(database);
  host.schedule.rules = [](SpiderJob& job) { job.nice = 7; };
  (void)host.tick();
  for (const auto& job : host.runner.started) CHECK(job.nice == 7);
}

}  // namespace spider_check::test
