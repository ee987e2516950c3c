// What reports read, from rows that are written here by hand: of whatever age, by whatever program.
#include "db/report_store.hpp"

#include <doctest/doctest.h>

#include "db/migrator.hpp"
#include "world.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

struct World {
  World() { (void)migrate(client.session); }

  /** A run that started so many hours ago. */
  RunId run(const std::string& hours_ago, const std::string& status, const std::string& more = "",
            const std::string& values = "") const {
    return std::stoll(database.sql(
        "INSERT INTO scheduler_state (last_run_at, spider_count, status, owner_token, trigger" +
        (more.empty() ? more : ", " + more) + ") VALUES (now() - interval '" + hours_ago +
        " hours', 2, '" + status + "', gen_random_uuid(), 'tick'" +
        (values.empty() ? values : ", " + values) + ") RETURNING id"));
  }

  /** A spider's attempt that started when its run did, and took a minute. */
  void attempt(RunId run, const std::string& spider, const std::string& verdict,
               const std::string& items = "NULL", int number = 1) const {
    database.sql(
        "INSERT INTO spider_run (run_id, spider, attempt, started_at, finished_at, status, "
        "verdict, "
        "reasons, items, log_path) SELECT id, '" +
        spider + "', " + std::to_string(number) +
        ", last_run_at, last_run_at + interval '1 minute', "
        "'completed', '" +
        verdict + "', '{one,two}', " + items +
        ", '/logs/x' "
        "FROM scheduler_state WHERE id = " +
        std::to_string(run));
  }

  [[nodiscard]] std::vector<RunId> ids(const HistoryFilter& filter) {
    std::vector<RunId> ids;
    for (const auto& record : reports.runs(filter)) ids.push_back(record.run.id);
    return ids;
  }

  TestDatabase database;
  Client client{database, owner(1)};
  ReportStore reports{client.session, "default"};
};

const HistoryFilter all{24h * 3650, {}, {}, 1000};

}  // namespace

TEST_CASE("runs are listed with what their spiders came to, by the newest attempt of each") {
  World world;
  const auto id =
      world.run("1", "failed", "lateness, missed_intervals, faults, hindrances, failure",
                "interval '90 minutes', 3, '{\"no cat\",gone}', "
                "'[{\"cause\":\"off\",\"from_seconds\":5400,\"to_seconds\":60.5,"
                "\"detail\":\"d\"}]', 'a failed'");
  world.attempt(id, "a", "failed", "3", 1);
  world.attempt(id, "a", "ok", "10", 2);
  world.attempt(id, "b", "degraded", "5");
  world.attempt(id, "c", "failed");
  const auto records = world.reports.runs(all);
  REQUIRE(records.size() == 1);
  const auto& record = records.front();
  CHECK(record.run.id == id);
  CHECK(record.run.failure == "a failed");
  CHECK(record.trigger == Trigger::tick);
  CHECK(record.late == 90min);
  CHECK(record.missed_intervals == 3);
  CHECK(record.faults == std::vector<std::string>{"no cat", "gone"});
  CHECK(record.delays == std::vector<Delay>{{DelayCause::off, 90min, 60500ms, "d"}});
  CHECK(record.ok == 1);
  CHECK(record.degraded == 1);
  CHECK(record.failed == 1);
  CHECK(record.items == 15);
  const auto one = world.reports.run(id);
  REQUIRE(one);
  CHECK(one->items == 15);
  CHECK_FALSE(world.reports.run(id + 1));
  CHECK_FALSE(world.reports.run(99'999'999'999));
}

TEST_CASE("a run without a crawl has no items, and one of an earlier program no trigger") {
  World world;
  world.database.sql(
      "INSERT INTO scheduler_state (last_run_at, spider_count, status, updated_at) "
      "VALUES (now() - interval '1 hour', 4, 'completed', now())");
  const auto records = world.reports.runs(all);
  REQUIRE(records.size() == 1);
  CHECK_FALSE(records.front().trigger);
  CHECK_FALSE(records.front().late);
  CHECK_FALSE(records.front().items);
  CHECK(records.front().ok == 0);
}

TEST_CASE("what an earlier program left behind is no run: its marker, and where a run began") {
  World world;
  world.database.sql(
      "INSERT INTO scheduler_state (last_run_at, spider_count, status) VALUES "
      "(now() - interval '9 hours', 0, 'completed'), (now() - interval '3 hours', 2, 'running'), "
      "(now() - interval '2 hours', 2, 'completed')");
  const auto records = world.reports.runs(all);
  REQUIRE(records.size() == 1);
  CHECK(records.front().run.status == RunStatus::completed);
}

TEST_CASE("a history is of one schedule and of the past, and as long as is asked for") {
  World world;
  const auto old = world.run("50", "completed");
  const auto failed = world.run("30", "failed");
  const auto newest = world.run("1", "completed");
  world.run("-1", "completed");
  world.run("1", "completed", "schedule", "'other'");
  world.attempt(failed, "a", "failed");
  CHECK(world.ids(all) == std::vector<RunId>{newest, failed, old});
  CHECK(world.ids({40h, {}, {}, 1000}) == std::vector<RunId>{newest, failed});
  CHECK(world.ids({1000h, {}, {}, 1}) == std::vector<RunId>{newest});
  CHECK(world.ids({1000h, {}, RunStatus::failed, 9}) == std::vector<RunId>{failed});
  CHECK(world.ids({1000h, "a", {}, 9}) == std::vector<RunId>{failed});
  CHECK(world.ids({1000h, "b' OR true", {}, 9}).empty());
  ReportStore other(world.client.session, "other");
  CHECK_FALSE(other.run(newest));
}

TEST_CASE("each attempt in a run is read, by attempt and name") {
  World world;
  const auto id = world.run("1", "failed");
  world.attempt(id, "b", "failed", "1", 1);
  world.attempt(id, "a", "failed", "1", 1);
  world.attempt(id, "b", "ok", "2", 2);
  std::vector<std::string> seen;
  for (const auto& each : world.reports.all_outcomes(id)) {
    seen.push_back(std::to_string(each.attempt) + each.outcome.spider);
    CHECK(each.outcome.judgement.reasons == std::vector<std::string>{"one", "two"});
    CHECK(each.outcome.child.took == 1min);
  }
  CHECK(seen == std::vector<std::string>{"1a", "1b", "2b"});
}

TEST_CASE("a spider is known by its newest attempts, its last success and its median") {
  World world;
  for (int i = 9; i >= 4; --i) {
    world.attempt(world.run(std::to_string(i), "completed"), "a", "ok", std::to_string(10 * i));
  }
  const auto degraded = world.run("3", "completed");
  world.attempt(degraded, "a", "degraded", "1");
  const auto newest = world.run("2", "failed");
  world.attempt(newest, "a", "failed", "0");
  world.attempt(newest, "rss", "ok");
  world.attempt(world.run("1", "failed", "schedule", "'other'"), "a", "ok", "7");
  const auto spiders = world.reports.spiders(3);
  REQUIRE(spiders.size() == 2);
  const auto& a = spiders.front();
  CHECK(a.name == "a");
  CHECK(a.last_run == newest);
  CHECK(a.last.outcome.judgement.verdict == Verdict::failed);
  REQUIRE(a.last_success);
  CHECK(std::chrono::round<std::chrono::hours>(a.last_started - *a.last_success) == 1h);
  CHECK(a.median_items == 70);
  REQUIRE(a.recent.size() == 3);
  CHECK(a.recent.front().items == 40);
  CHECK(a.recent.back().verdict == Verdict::failed);
  CHECK(spiders.back().name == "rss");
  CHECK_FALSE(spiders.back().median_items);
  CHECK_FALSE(spiders.back().recent.front().items);
}

TEST_CASE("a spider is listed however many runs were stopped before it started") {
  World world;
  const auto old = world.run("9", "failed");
  world.attempt(old, "a", "failed");
  world.attempt(old, "gone", "ok");
  const auto newest = world.run("8", "failed");
  world.attempt(newest, "a", "ok");
  world.attempt(newest, "b", "failed");
  for (int i = 7; i >= 4; --i) {
    world.attempt(world.run(std::to_string(i), "failed"), "a", "ok");
  }
  world.run("3", "failed");
  world.database.sql("UPDATE scheduler_state SET spider_count = 0 WHERE id = " +
                     std::to_string(world.run("2", "failed")));
  const auto spiders = world.reports.spiders(3);
  REQUIRE(spiders.size() == 2);
  CHECK(spiders.back().name == "b");
  CHECK(spiders.back().last_run == newest);
  CHECK(world.reports.failures(9).front().recorded.outcome.spider == "b");
}

TEST_CASE("four good runs are too few to say what is usual, and one that never was has none") {
  World world;
  for (int i = 5; i >= 2; --i) {
    world.attempt(world.run(std::to_string(i), "completed"), "a", "ok", "10");
  }
  world.attempt(world.run("1", "failed"), "b", "failed");
  const auto spiders = world.reports.spiders(20);
  REQUIRE(spiders.size() == 2);
  CHECK_FALSE(spiders.front().median_items);
  CHECK_FALSE(spiders.back().last_success);
}

TEST_CASE("the median of rows is of the runs that have some, beside that of items") {
  World world;
  for (int i = 12; i > 6; --i) {
    world.attempt(world.run(std::to_string(i), "completed"), "a", "ok", "10");
  }
  for (int i = 6; i > 0; --i) {
    const auto run = world.run(std::to_string(i), "completed");
    world.attempt(run, "a", "ok", "30");
    world.attempt(run, "program", "ok");
    world.database.sql("UPDATE spider_run SET rows = " + std::to_string(100 * i) +
                       " WHERE run_id = " + std::to_string(run));
  }
  const auto spiders = world.reports.spiders(3);
  REQUIRE(spiders.size() == 2);
  CHECK(spiders.front().median_items == 30);
  CHECK(spiders.front().median_rows == 400);
  CHECK(spiders.front().last.outcome.rows == 100);
  CHECK_FALSE(spiders.back().median_items);
  CHECK(spiders.back().median_rows == 400);
}

TEST_CASE("the median of a spider that has changed for good is of its last runs") {
  World world;
  for (int i = 31; i > 21; --i) {
    world.attempt(world.run(std::to_string(i), "completed"), "a", "ok", "100");
  }
  for (int i = 21; i > 1; --i) {
    world.attempt(world.run(std::to_string(i), "completed"), "a", "degraded", "10");
  }
  CHECK(world.reports.spiders(3).front().median_items == 100);
  world.attempt(world.run("1", "completed"), "a", "degraded", "10");
  CHECK(world.reports.spiders(3).front().median_items == 10);
}

TEST_CASE("series are bounded by age and by number, failures are the newest") {
  World world;
  for (int i = 6; i >= 1; --i) {
    world.attempt(world.run(std::to_string(i), "completed"), "a", i % 2 == 0 ? "failed" : "ok",
                  std::to_string(i));
  }
  const auto by_age = world.reports.series(3h + 30min, 99);
  REQUIRE(by_age.size() == 1);
  REQUIRE(by_age.front().points.size() == 3);
  CHECK(by_age.front().points.front().items == 3);
  CHECK(world.reports.series(99h, 2).front().points.size() == 2);
  const auto failures = world.reports.failures(2);
  REQUIRE(failures.size() == 2);
  CHECK(failures.front().recorded.outcome.crawl->progress.items == 2);
  CHECK(failures.back().recorded.outcome.crawl->progress.items == 4);
}

TEST_CASE("failed runs are counted since the newest success") {
  World world;
  CHECK(world.reports.failed_runs() == 0);
  world.run("9", "failed");
  CHECK(world.reports.failed_runs() == 1);
  world.run("8", "completed");
  world.run("7", "failed");
  world.run("6", "failed");
  world.run("5", "failed", "partial", "true");
  CHECK(world.reports.failed_runs() == 2);
  // Nobody's failure.
  world.run("4", "failed", "failure", "'interrupted by SIGTERM'");
  world.run("3", "failed", "failure", "'interrupted: laptop was switched off, or lost its power'");
  CHECK(world.reports.failed_runs() == 2);
  world.run("2", "failed", "failure", "'interrupted: laptop, pid 7 is gone'");
  CHECK(world.reports.failed_runs() == 3);
}

TEST_CASE("what was stopped is counted apart, and is none of the failures") {
  World world;
  const auto id = world.run("1", "failed");
  for (const auto* spider : {"a", "b", "c"}) world.attempt(id, spider, "failed", "1");
  world.database.sql(
      "UPDATE spider_run SET reasons = CASE spider WHEN 'a' THEN "
      "'{stopped before its end: exit status 0}'::text[] ELSE '{interrupted: the program}' END "
      "WHERE spider <> 'c'");
  const auto record = world.reports.run(id).value();
  CHECK(record.failed == 3);
  CHECK(record.stopped == 2);
  const auto failures = world.reports.failures(9);
  REQUIRE(failures.size() == 1);
  CHECK(failures.front().recorded.outcome.spider == "c");
  CHECK(world.reports.spiders(1).front().recent.back().stopped);
}

TEST_CASE("a database that was never migrated says what to type") {
  TestDatabase empty;
  Client client(empty, owner(1));
  ReportStore reports(client.session, "default");
  CHECK_THROWS_WITH_AS((void)reports.spiders(1), doctest::Contains("spider-check migrate"),
                       DbError);
}

}  // namespace spider_check::test
