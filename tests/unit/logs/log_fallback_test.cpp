// Where logs go that cannot be written where they belong.
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "logs/run_logs.hpp"
#include "support/host.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

/** A host on which a file is in the place of a directory for logs. */
struct World {
  /** directory: LOG_DIR or one below it. */
  void block(const fs::path& directory) {
    fs::create_directories(directory.parent_path());
    std::ofstream{directory};
  }

  [[nodiscard]] std::string root() const { return host.logs.root().string(); }

  [[nodiscard]] fs::path log_of(std::size_t spider) const {
    return host.runner.started.at(spider).log;
  }

  MemoryDatabase database;
  TestHost host{database};
};

const LogName first{1, 1};

/** Which name a log gets where these are there, and the database's newest run is that one. */
LogName named(const Names& there, const LogName& name, RunId newest_run) {
  MemoryDatabase database;
  TestHost host(database);
  for (const auto& file : there) host.directory.write("logs/default/" + file, "");
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
  const auto add = [&](const std::string& log) { host.directory.write("logs/default/" + log, ""); };
  add("a/run-1-attempt-1.log");
  add("a/run-2-attempt-1.log");
  host.keep_journal(disk);
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.runner.started[0].log == host.logs.path() / "a/run-1-attempt-1.2.log");
  CHECK(database.runs[0].outcomes[0].outcome.log == host.logs.path() / "a/run-1-attempt-1.2.log");
  add("a/run-1-attempt-1.2.log");
  CHECK(host.tick({true, {}}).code == ExitCode::success);
  CHECK(host.runner.started.back().log == host.logs.path() / "c/run-2-attempt-1.2.log");
  add("c/run-2-attempt-1.2.log");
  database.down = true;
  CHECK(host.tick({true, {}}).code == ExitCode::success);
  CHECK(host.runner.started.back().log == host.logs.path() / "c/run-2+1-attempt-1.2.log");
}

TEST_CASE("logs that can be written are where they belong, and nothing is said") {
  World world;
  CHECK(world.host.tick().code == ExitCode::success);
  CHECK(world.log_of(0) == world.host.logs.path() / "a/run-1-attempt-1.log");
  CHECK(world.database.runs[0].faults.empty());
}

TEST_CASE("logs that cannot be written move, with one warning and one fault of the run") {
  World world;
  world.block(world.root());
  CHECK(world.host.tick({true, {}}).code == ExitCode::success);
  const auto& run = world.database.runs.back();
  const auto fallback = world.host.logs.fallback_directory();
  const auto text = "logs cannot be written in " + world.root() +
                    ": Not a directory; this run's are in " + fallback.string();
  CHECK(run.faults == Names{text});
  CHECK(world.host.logged("warning " + text + "\n"));
  CHECK(run.outcomes[1].outcome.log == fallback / "default/b/run-1-attempt-1.log");
}

TEST_CASE("a crawl's report moves with its log") {
  World world;
  world.host.source.crawls = {"a"};
  world.block(world.host.logs.path() / "a");
  (void)world.host.tick();
  CHECK(world.host.runner.started[0].report ==
        world.host.logs.fallback_directory() / "default/a/run-1-attempt-1.report");
}

TEST_CASE("only the logs move that cannot be written, and the fault names them") {
  World world;
  world.block(world.host.logs.path() / "b");
  (void)world.host.tick();
  const auto fallback = world.host.logs.fallback_directory();
  CHECK(world.log_of(0) == world.host.logs.path() / "a/run-1-attempt-1.log");
  CHECK(world.log_of(1) == fallback / "default/b/run-1-attempt-1.log");
  CHECK(world.database.runs[0].faults ==
        Names{"logs cannot be written in " + world.root() +
              "/default/b: Not a directory; those of b are in " + fallback.string()});
}

TEST_CASE(
    "without any place the output of programs is lost, and a crawl's log stays where it fails") {
  World world;
  world.host.source.crawls = {"c"};
  world.host.schedule.rules = [](SpiderJob& job) { job.limits.stall_timeout = 5min; };
  world.host.logs = {world.root(), "default", {}, {world.root() + "-none"}};
  world.block(world.root());
  (void)world.host.tick();
  CHECK(world.log_of(0) == "/dev/null");
  CHECK(world.host.runner.started[0].limits.stall_timeout == 0s);
  CHECK(world.log_of(2) == world.host.logs.path() / "c/run-1-attempt-1.log");
  CHECK(world.host.runner.started[2].limits.stall_timeout == 5min);
  CHECK(world.database.runs[0].faults ==
        Names{"logs cannot be written in " + world.root() + ": Not a directory; nor in " +
              world.root() + "-none: No such file or directory; this run's are lost"});
}

}  // namespace spider_check::test
