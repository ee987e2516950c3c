// When a tick tells people.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/host.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

/** Notes when people would be told. */
struct NotifyingHost : TestHost {
  explicit NotifyingHost(MemoryDatabase& shared) : TestHost(shared), database(shared) {
    schedule.check_in = [this](const auto& run) {
      told.push_back(run.empty() ? "check-in without a run" : "check-in");
    };
    schedule.tell = [this] {
      told.emplace_back("all");
      held = database.slots.size();
    };
    schedule.policy.max_attempts = 1;
  }

  MemoryDatabase& database;
  Names told;
  std::size_t held = 99;  ///< locks, while people are told
};

}  // namespace

TEST_CASE("a run checks in, and people are told after it") {
  MemoryDatabase database;
  NotifyingHost host(database);
  (void)host.tick();
  CHECK(host.told == Names{"check-in", "all"});
  host.runner.ends["a"] = Exited{1};
  database.now += 4h;
  CHECK(host.tick().code == ExitCode::spider_failed);
  CHECK(host.told == Names{"check-in", "all", "check-in", "all"});
}

TEST_CASE("a tick with nothing to do tells people only what there may be to tell") {
  MemoryDatabase database;
  NotifyingHost host(database);
  (void)host.tick();
  host.told.clear();
  (void)host.tick();
  CHECK(host.told.empty());
  host.store.may_notify = true;
  (void)host.tick();
  CHECK(host.told == Names{"all"});
}

TEST_CASE("a run of --spider checks in nowhere") {
  MemoryDatabase database;
  NotifyingHost host(database);
  (void)host.tick({true, {"b"}});
  CHECK(host.told == Names{"all"});
}

TEST_CASE("the locks are free while people are told") {
  MemoryDatabase database;
  NotifyingHost host(database);
  host.runner.ends["a"] = Exited{1};
  (void)host.tick();
  CHECK(host.held == 0);
}

TEST_CASE(
    "whoever ends the program does not wait until people are told; the next tick tells them") {
  MemoryDatabase database;
  NotifyingHost host(database);
  host.schedule.policy.max_attempts = 2;
  host.runner.stop_signal = 15;
  CHECK(host.tick().signal == 15);
  CHECK(host.told == Names{"check-in"});
  host.runner.stop_signal = 0;
  (void)host.tick();
  CHECK(host.told == Names{"check-in", "check-in", "all"});
}

TEST_CASE("without the database a run checks in at its start, and nobody is told more") {
  MemoryDatabase database;
  FakeDisk disk;
  NotifyingHost host(database);
  host.keep_journal(disk);
  database.down = true;
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.told == Names{"check-in"});
  database.down = false;
  host.living.clear();           // the program of the first tick has ended
  host.store.may_notify = true;  // of the run that the tick records
  (void)host.tick();
  CHECK(host.told == Names{"check-in", "all"});
}

}  // namespace spider_check::test
