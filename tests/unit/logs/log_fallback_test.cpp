// Where logs go that cannot be written where they belong.
#include <doctest/doctest.h>

#include "logs/run_logs.hpp"
#include "support/fake_log_directory.hpp"
#include "support/host.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

/** A host whose spiders' log directories have the faults that a test gives. */
struct World {
  void refuse(const std::string& spider, DirectoryError fault) {
    host.log_fallback.faults["/logs/default/" + spider] = std::move(fault);
  }

  void refuse_all(const DirectoryError& fault) {
    for (const auto* spider : {"a", "b", "c"}) refuse(spider, fault);
  }

  std::string log_of(std::size_t spider) { return host.runner.started.at(spider).log.string(); }

  MemoryDatabase database;
  TestHost host{database};
};

const DirectoryError denied{"/logs", "Permission denied", false};
const DirectoryError full{"/logs", "No space left on device", true};

const LogName first{1, 1};

/** Which name a log gets where these are there, and the database's newest run is that one. */
LogName named(const Names& there, const LogName& name, RunId newest_run) {
  MemoryDatabase database;
  TestHost host(database);
  for (const auto& file : there) host.logs.add(file);
  return free_log_name(host.schedule, name, [&] { return newest_run; });
}

}  // namespace

TEST_CASE("a log has the series of the newest log, and where numbers come again one more") {
  CHECK(named({}, first, 1) == first);
  CHECK(named({"a/run-1-attempt-1.log"}, {1, 2}, 1) == LogName{1, 2});
  CHECK(named({"a/run-1-attempt-1.log"}, {2, 1}, 2) == LogName{2, 1});
  CHECK(named({"a/run-1-attempt-1.log"}, first, 1) == LogName{1, 1, 0, 2});
  CHECK(named({"b/run-1-attempt-1.report"}, first, 1) == LogName{1, 1, 0, 2});
  CHECK(named({"a/run-7-attempt-3.log"}, first, 1) == LogName{1, 1, 0, 2});
  CHECK(named({"a/run-7-attempt-3.log", "a/run-1-attempt-1.2.log"}, {2, 1}, 2) ==
        LogName{2, 1, 0, 2});
  CHECK(named({"a/run-7-attempt-3.log", "a/run-1-attempt-1.2.log"}, first, 1) ==
        LogName{1, 1, 0, 3});
  CHECK(named({"a/run-7+2-attempt-1.log"}, first, 1) == LogName{1, 1, 0, 2});
}

TEST_CASE("a later run of this database, in another slot or of some spiders, is no new series") {
  CHECK(named({"a/run-7-attempt-1.log"}, {6, 1}, 7) == LogName{6, 1});
  CHECK(named({"a/run-6-attempt-1.log", "b/run-7-attempt-1.log"}, {6, 2}, 7) == LogName{6, 2});
  // But a restore may have taken back only what came after it.
  CHECK(named({"a/run-6-attempt-2.log", "b/run-7-attempt-1.log"}, {6, 2}, 7) ==
        LogName{6, 2, 0, 2});
  // Where the database cannot be asked only a name that is there is known to be one.
  CHECK(named({"b/run-7-attempt-1.log"}, {6, 2}, 0) == LogName{6, 2});
  CHECK(named({"b/run-6-attempt-2.log"}, {6, 2}, 0) == LogName{6, 2, 0, 2});
}

TEST_CASE("the logs of a new database do not meet those of the old one, with it or without") {
  FakeDisk disk;
  MemoryDatabase database;
  TestHost host(database);
  for (const auto* name : {"a/run-1-attempt-1.log", "a/run-2-attempt-1.log"}) host.logs.add(name);
  host.keep_journal(disk);
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.runner.started[0].log == "/logs/default/a/run-1-attempt-1.2.log");
  CHECK(database.runs[0].outcomes[0].outcome.log == "/logs/default/a/run-1-attempt-1.2.log");
  host.logs.add("a/run-1-attempt-1.2.log");
  CHECK(host.tick({true, {}}).code == ExitCode::success);
  CHECK(host.runner.started.back().log == "/logs/default/c/run-2-attempt-1.2.log");
  host.logs.add("c/run-2-attempt-1.2.log");
  database.down = true;
  CHECK(host.tick({true, {}}).code == ExitCode::success);
  CHECK(host.runner.started.back().log == "/logs/default/c/run-2+1-attempt-1.2.log");
}

TEST_CASE("logs that can be written are where they belong, and nothing is said") {
  World world;
  CHECK(world.host.tick().code == ExitCode::success);
  CHECK(world.log_of(0) == "/logs/default/a/run-1-attempt-1.log");
  CHECK(world.database.runs[0].faults.empty());
}

TEST_CASE("logs that cannot be written move, with one warning and one fault of the run") {
  World world;
  for (const auto& fault : {denied, full}) {
    world.refuse_all(fault);
    CHECK(world.host.tick({true, {}}).code == ExitCode::success);
    const auto& run = world.database.runs.back();
    const auto text = "logs cannot be written in /logs: " + fault.why +
                      "; this run's are in "
                      "/tmp/spare";
    CHECK(run.faults == Names{text});
    CHECK(world.host.logged("warning " + text + "\n"));
    CHECK(run.outcomes[1].outcome.log ==
          "/tmp/spare/default/b/run-" + std::to_string(run.run.id) + "-attempt-1.log");
  }
}

TEST_CASE("a crawl's report moves with its log") {
  World world;
  world.host.source.crawls = {"a"};
  world.refuse("a", denied);
  (void)world.host.tick();
  CHECK(world.host.runner.started[0].report == "/tmp/spare/default/a/run-1-attempt-1.log.report");
}

TEST_CASE("only the logs move that cannot be written, and the fault names them") {
  World world;
  world.refuse("b", {"/logs/default/b", "Not a directory", false});
  (void)world.host.tick();
  CHECK(world.log_of(0) == "/logs/default/a/run-1-attempt-1.log");
  CHECK(world.log_of(1) == "/tmp/spare/default/b/run-1-attempt-1.log");
  CHECK(world.database.runs[0].faults ==
        Names{"logs cannot be written in /logs/default/b: Not a directory; those of b are in "
              "/tmp/spare"});
}

TEST_CASE(
    "without any place the output of programs is lost, and a crawl's log stays where it fails") {
  World world;
  world.host.source.crawls = {"c"};
  world.host.schedule.rules = [](SpiderJob& job) { job.limits.stall_timeout = 5min; };
  world.host.log_fallback.no_spare = "nor in /tmp";
  world.refuse_all(denied);
  (void)world.host.tick();
  CHECK(world.log_of(0) == "/dev/null");
  CHECK(world.host.runner.started[0].limits.stall_timeout == 0s);
  CHECK(world.log_of(2) == "/logs/default/c/run-1-attempt-1.log");
  CHECK(world.host.runner.started[2].limits.stall_timeout == 5min);
  CHECK(world.database.runs[0].faults ==
        Names{"logs cannot be written in /logs: Permission denied; nor in /tmp: Permission denied; "
              "this run's are lost"});
}

TEST_CASE("without any place a directory that is only full must do") {
  World world;
  world.host.log_fallback.no_spare = "nor in /tmp";
  world.refuse_all(full);
  (void)world.host.tick();
  CHECK(world.log_of(0) == "/logs/default/a/run-1-attempt-1.log");
  CHECK(world.database.runs[0].faults ==
        Names{"logs cannot be written in /logs: No space left on device; nor in /tmp: Permission "
              "denied; this run's may be cut"});
}

}  // namespace spider_check::test
