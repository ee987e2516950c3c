#include "run/tick.hpp"

#include <doctest/doctest.h>

#include "support/host.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

using Names = std::vector<std::string>;

TEST_CASE("the first tick runs every spider and records the run") {
  MemoryDatabase database;
  TestHost host(database);
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
  TestHost host(database);
  (void)host.tick();
  CHECK(host.runner.started[1].log == host.logs.path() / "b/run-1-attempt-1.log");
}

TEST_CASE("the log keeps the lines that monitoring greps for") {
  MemoryDatabase database;
  TestHost host(database);
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
  TestHost host(database);
  (void)host.tick();
  host.runner.started.clear();
  database.now += 4h - 1us;
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.spiders_run().empty());
  CHECK(database.runs.size() == 1);
}

TEST_CASE("a failing spider fails the run, and the others still run") {
  MemoryDatabase database;
  TestHost host(database);
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
  TestHost host(database);
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
  CHECK(host.runner.started[0].log == host.logs.path() / "b/run-1-attempt-2.log");
}

TEST_CASE("no retry is announced that the next run would come before") {
  MemoryDatabase database;
  TestHost host(database);
  host.schedule.policy.interval = 30min;
  host.runner.ends["b"] = Exited{1};
  (void)host.tick();
  CHECK(host.logged("retry is due in 15 min"));
  database.now += 15min;
  host.clock().since_boot += 15min;
  (void)host.tick();
  CHECK(only_run(database).attempt == 2);
  CHECK(host.logged("no attempts are left in this interval"));
  CHECK_FALSE(only_run(database).next_attempt);
  host.runner.started.clear();
  database.now += 15min;
  (void)host.tick();
  CHECK(database.runs.size() == 2);
}

TEST_CASE("after the last attempt nothing runs until the interval is over") {
  MemoryDatabase database;
  TestHost host(database);
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
  TestHost host(database);
  FakeSource broken({});
  broken.fault = "cannot list: /srv/jobs/spiders/a.py:3: SyntaxError: invalid syntax";
  host.schedule.sources.push_back(&broken);
  CHECK(host.tick().code == ExitCode::spider_failed);
  CHECK(host.spiders_run() == Names{"a", "b", "c"});
  CHECK(only_run(database).failure == broken.fault);
}

TEST_CASE("two spiders of one name: the first is run, and the run says so") {
  MemoryDatabase database;
  TestHost host(database);
  FakeSource other({"b", "d"});
  host.schedule.sources.push_back(&other);
  CHECK(host.tick().code == ExitCode::spider_failed);
  CHECK(host.spiders_run() == Names{"a", "b", "c", "d"});
  CHECK(only_run(database).failure == "two spiders have the name 'b'; only the first is run");
}

TEST_CASE("--spider runs only those, and never moves the schedule") {
  MemoryDatabase database;
  TestHost host(database);
  CHECK(host.tick({true, {"b"}}).code == ExitCode::success);
  CHECK(host.spiders_run() == Names{"b"});
  CHECK(database.runs[0].run.partial);
  CHECK(database.runs[0].trigger == Trigger::force);
  (void)host.tick();
  CHECK(host.spiders_run() == Names{"b", "a", "b", "c"});
}

TEST_CASE("a spider that does not exist changes nothing, and those that exist are named") {
  MemoryDatabase database;
  TestHost host(database);
  CHECK_THROWS_WITH_AS((void)host.tick({true, {"zz"}}),
                       "--spider: there is no spider 'zz'; there are: a, b, c", UsageError);
  CHECK(database.runs.empty());
}

TEST_CASE("runs of the future count for nothing and are warned about") {
  MemoryDatabase database;
  TestHost host(database);
  (void)host.tick();
  database.now -= 24h;
  host.runner.started.clear();
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.spiders_run() == Names{"a", "b", "c"});
  CHECK(host.logged("warning 1 run(s) start in the future of the database's clock"));
}

TEST_CASE("a dry run says the decision and changes nothing") {
  MemoryDatabase database;
  TestHost host(database);
  CHECK(dry_run(host.schedule, {}) ==
        "Dry run: nothing is changed\n"
        "No successful run is recorded\n"
        "Decision: No run is recorded, running spiders for the first time\n");
  CHECK(database.runs.empty());
  CHECK(database.slots.empty());
  CHECK(host.runner.started.empty());
}

}  // namespace spider_check::test
