// What is removed after a run and by hand, and what is said about it.

#include "run/retention.hpp"

#include <string>

#include <doctest/doctest.h>

#include "support/host.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

constexpr Duration day = 24h;

struct World {
  World() {
    host.schedule.keep = 90 * day;
    host.schedule.log_size = 1'000'000;
  }

  /** A log of spider a. */
  void add_log(RunId run, std::size_t size, int attempt = 1) {
    host.directory.write("logs/default/a/" + to_string(LogName{run, attempt}),
                         std::string(size, '.'));
  }

  [[nodiscard]] std::size_t logs() { return host.logs.list().size(); }

  void remove_logs() { std::filesystem::remove_all(host.logs.path()); }

  /** Due runs of all three spiders, one a day, each with a log of spider a. */
  void run(int times) {
    for (int i = 0; i < times; ++i) {
      CHECK(host.tick().code == ExitCode::success);
      add_log(database.runs.back().run.id, 1000);
      database.now += day;
    }
  }

  /** The first runs, as if nobody had tidied up meanwhile. */
  void run_untidily(int times) {
    host.schedule.keep = Duration{0};
    for (int i = 0; i < times; ++i) {
      run(1);
      remove_logs();
    }
    for (const auto& row : database.runs) add_log(row.run.id, 1000);
    host.schedule.keep = 90 * day;
  }

  std::string prune(bool dry_run = false) { return spider_check::prune(host.schedule, dry_run); }

  MemoryDatabase database;
  TestHost host{database};
};

}  // namespace

TEST_CASE("each run removes what has become too old, rows and logs") {
  World world;
  world.run(100);
  // The last one tidied up on day 99: nine runs were too old, and the newest of them is the mark.
  CHECK(world.database.runs.size() == 92);
  CHECK(world.logs() == 91);
  CHECK(world.host.logged("debug Removed 1 old run(s) with 3 attempt(s)"));
  CHECK_FALSE(world.host.logged("warning"));
}

TEST_CASE("without a limit every run stays") {
  World world;
  world.run_untidily(100);
  CHECK(world.database.runs.size() == 100);
}

TEST_CASE("what was left for long goes after the next run") {
  World world;
  // In more than one step.
  world.run_untidily(700);
  CHECK(world.database.runs.size() == 700);
  world.run(1);
  CHECK(world.database.runs.size() == 92);
  CHECK(world.logs() == 91);
}

TEST_CASE("that old runs cannot be removed is a warning, and no failure of the run") {
  World world;
  world.run_untidily(100);
  world.database.refuses_pruning = true;
  world.run(1);
  CHECK(world.database.runs.size() == 101);
  CHECK(world.host.logged("warning Old runs were not removed: it takes too long"));
  CHECK(world.database.runs.back().run.status == RunStatus::completed);
  CHECK_THROWS_AS((void)world.prune(), DbError);
}

TEST_CASE("others may run while old runs are removed") {
  World world;
  world.run_untidily(100);
  TestHost other(world.database, "server", 7);
  bool seen = false;
  world.database.after_write = [&] {
    const bool pruned = world.database.runs.size() < 100;
    if (!pruned || seen) return;
    seen = true;
    CHECK(other.store.try_lock());
  };
  world.run(1);
  CHECK(seen);
}

TEST_CASE("prune says what went, and a dry run what would go") {
  World world;
  world.run_untidily(93);
  const auto would = world.prune(true);
  CHECK(would == "Would remove 2 runs with 6 attempts\nWould remove 3 log files, 3 kB\n");
  CHECK(world.database.runs.size() == 93);
  CHECK(world.logs() == 93);
  CHECK(world.prune() == "Removed 2 runs with 6 attempts\nRemoved 3 log files, 3 kB\n");
  CHECK(world.database.runs.size() == 91);
  CHECK(world.logs() == 90);
  CHECK(world.prune() == "Nothing to remove: nothing that may go is older than 90 d\n");
  CHECK(world.prune(true) == "Nothing to remove: nothing that may go is older than 90 d\n");
}

TEST_CASE("prune counts as people do") {
  World world;
  world.host.source.spiders = {"a"};
  world.run_untidily(92);
  world.remove_logs();
  world.add_log(1, 1000);
  world.add_log(92, 10);
  CHECK(world.prune() == "Removed 1 run with 1 attempt\nRemoved 1 log file, 1 kB\n");
  world.database.now += day;
  CHECK(world.prune() == "Removed 1 run with 1 attempt\n");
  world.remove_logs();
  world.add_log(3, 5);
  world.add_log(3, 10, 2);
  CHECK(world.prune() == "Removed 1 log file, 5 B\n");
}

}  // namespace spider_check::test
