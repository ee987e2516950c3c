#include <doctest/doctest.h>

#include "app/tick.hpp"
#include "support/host.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

using Names = std::vector<std::string>;

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

TEST_CASE("a retry that is stopped while spiders are listed forgets none that had succeeded") {
  MemoryDatabase database;
  FakeDisk disk;
  Host host(database);
  host.keep_journal(disk);
  host.runner.ends["b"] = Exited{3};
  CHECK(host.tick().code == ExitCode::spider_failed);
  database.now += 15min;
  host.clock().wall += 15min;
  host.clock().since_boot += 15min;
  host.source.while_listed = [] { throw ListingStopped("not listed"); };
  host.runner.early_signal = 15;
  CHECK(host.tick().signal == 15);
  host.source.while_listed = nullptr;
  host.runner.early_signal = 0;
  host.runner.ends.clear();
  host.runner.started.clear();
  database.down = true;
  (void)host.tick();
  CHECK(host.spiders_run() == Names{"b"});
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

}  // namespace spider_check::test
