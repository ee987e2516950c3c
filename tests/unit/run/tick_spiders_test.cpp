#include <doctest/doctest.h>

#include "run/tick.hpp"
#include "support/host.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

using Names = std::vector<std::string>;

namespace {

/** What check_sql counts after each spider, and how often that is asked. */
struct Counting {
  explicit Counting(TestHost& host) {
    count = {240};
    asked = 0;
    host.schedule.count_rows = [](const RowCheck& /*check*/) {
      ++asked;
      return count;
    };
    host.schedule.rules = [](SpiderJob& job) { job.row_check = RowCheck{"a query", {}}; };
  }

  static inline RowCount count;
  static inline int asked = 0;
};

}  // namespace

TEST_CASE("a crawl is judged by what it did, and exit status 0 alone is not enough") {
  MemoryDatabase database;
  TestHost host(database);
  host.source.crawls = {"a", "b"};
  host.runner.crawls["a"] = {12, 3, 0};
  CHECK(host.tick().code == ExitCode::spider_failed);
  CHECK(host.logged("info Spider 'a' ok after 0.0 s, 12 items, 3 pages\n"));
  CHECK(
      host.logged("error Spider 'b' failed after 0.0 s, 0 items, 0 pages: there are no final "
                  "statistics, neither from inside the crawl nor in its log; log " +
                  host.logs.path().string()));
  CHECK(only_run(database).failure == "1 of 3 spiders failed (b)");
  CHECK(database.runs[0].outcomes[0].outcome.crawl->progress.items == 12);
  CHECK_FALSE(database.runs[0].outcomes[2].outcome.crawl.has_value());
}

TEST_CASE("a degraded spider is told of, completes the run and is not run again") {
  MemoryDatabase database;
  TestHost host(database);
  host.source.crawls = {"a"};
  host.runner.crawls["a"] = {12, 3, 2};
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.logged(
      "warning Spider 'a' degraded after 0.0 s, 12 items, 3 pages, 2 errors: 2 errors beside 12 "
      "items\n"));
  CHECK(only_run(database).status == RunStatus::completed);
}

TEST_CASE("what is usual comes from this spider's own good runs") {
  MemoryDatabase database;
  TestHost host(database);
  host.source.crawls = {"a", "b"};
  host.runner.crawls["a"] = {240, 3, 0};
  host.runner.crawls["b"] = {12, 3, 0};
  for (int run = 0; run < 5; ++run) {
    CHECK(host.tick().code == ExitCode::success);
    database.now += 4h;
  }
  host.runner.crawls["a"] = {12, 3, 0};
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.logged("12 items, median of the last 5 good runs is 240"));
  CHECK_FALSE(host.logged("'b' degraded"));
}

TEST_CASE("a spider that is gone is told once, and is no failure") {
  MemoryDatabase database;
  TestHost host(database);
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
  TestHost host(database);
  (void)host.tick();
  database.now += 4h;
  host.source.fault = "cannot list";
  (void)host.tick();
  CHECK_FALSE(host.logged("is gone"));
  CHECK(database.runs[1].faults == Names{"cannot list"});
}

TEST_CASE("a spider that cannot be run at all is told of and recorded") {
  MemoryDatabase database;
  TestHost host(database);
  host.source.left_out = {"a name that cannot be"};
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.logged("warning a name that cannot be"));
  CHECK(database.runs[0].faults == Names{"a name that cannot be"});
}

TEST_CASE("a run that takes too long is failed, and its rest is left to the retry") {
  MemoryDatabase database;
  TestHost host(database);
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
  TestHost host(database);
  host.source.spiders = {"a"};
  host.runner.stop_signal = 15;
  host.runner.heeds_signal = false;
  const auto result = host.tick();
  CHECK(result.signal == 15);
  CHECK(only_run(database).status == RunStatus::completed);
}

TEST_CASE("a past that cannot be read is warned of, and holds nothing up") {
  MemoryDatabase database;
  TestHost host(database);
  database.refuses_history = true;
  host.source.crawls = {"a"};
  host.runner.crawls["a"] = {12, 3, 0};
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.logged("warning What spiders did before cannot be read: it takes too long"));
}

TEST_CASE("rules are given to every job") {
  MemoryDatabase database;
  TestHost host(database);
  host.schedule.rules = [](SpiderJob& job) { job.limits.nice = 7; };
  (void)host.tick();
  for (const auto& job : host.runner.started) CHECK(job.limits.nice == 7);
}

TEST_CASE("rows are counted after each spider that did well, and after no other") {
  MemoryDatabase database;
  TestHost host(database);
  const Counting counting(host);
  host.source.crawls = {"a"};
  host.runner.crawls["a"] = {12, 3, 0};
  host.runner.ends["b"] = Exited{1};
  (void)host.tick();
  CHECK(Counting::asked == 2);
  CHECK(host.logged("info Spider 'a' ok after 0.0 s, 12 items, 3 pages, 240 rows\n"));
  CHECK(host.logged("info Spider 'c' ok after 0.0 s, 240 rows\n"));
  CHECK(database.runs[0].outcomes[0].outcome.rows == 240);
  CHECK_FALSE(database.runs[0].outcomes[1].outcome.rows);
}

TEST_CASE("a crawl and a program without rows have failed") {
  MemoryDatabase database;
  TestHost host(database);
  const Counting counting(host);
  Counting::count = {0};
  host.source.spiders = {"a", "b"};
  host.source.crawls = {"a"};
  host.runner.crawls["a"] = {12, 3, 0};
  CHECK(host.tick().code == ExitCode::spider_failed);
  CHECK(only_run(database).failure == "2 of 2 spiders failed (a, b)");
  CHECK(host.logged("'b' failed after 0.0 s, 0 rows: 0 rows, at least 1 is wanted (min_rows)"));
}

TEST_CASE("how many rows are usual comes from a program's own good runs, too") {
  MemoryDatabase database;
  TestHost host(database);
  const Counting counting(host);
  for (int run = 0; run < 5; ++run) {
    CHECK(host.tick().code == ExitCode::success);
    database.now += 4h;
  }
  Counting::count = {12};
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.logged("'a' degraded after 0.0 s, 12 rows: 12 rows, median of the last 5 good runs"));
}

TEST_CASE("a database that is away degrades spiders, and is not waited for after each") {
  MemoryDatabase database;
  TestHost host(database);
  const Counting counting(host);
  Counting::count = {{}, "check_sql could not be asked: away", true};
  CHECK(host.tick().code == ExitCode::success);
  CHECK(Counting::asked == 1);
  CHECK(host.logged("warning Spider 'c' degraded after 0.0 s: check_sql could not be asked: away"));
}

}  // namespace spider_check::test
