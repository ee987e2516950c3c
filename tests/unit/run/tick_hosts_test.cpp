#include <csignal>

#include <doctest/doctest.h>

#include "run/tick.hpp"
#include "support/host.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

using Names = std::vector<std::string>;

TEST_CASE("a tick that finds another host running says who, and runs nothing") {
  MemoryDatabase database;
  TestHost server(database, "server", 17);
  TestHost laptop(database);
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
  TestHost server(database, "server", 17);
  TestHost laptop(database);

  database.before_lock = [&] { (void)server.tick(); };
  CHECK(laptop.tick().code == ExitCode::success);
  CHECK(laptop.spiders_run().empty());
  CHECK(laptop.logged("info Recent run detected"));
  CHECK(database.runs.size() == 1);
}

TEST_CASE("a run whose owner was killed is marked and finished by the next tick") {
  MemoryDatabase database;
  TestHost host(database, "laptop", 17);
  TestHost next(database, "laptop", 18);

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
  TestHost server(database, "server", 17);
  TestHost laptop(database);

  struct Vanished {};

  server.runner.before_each = [](const SpiderJob&) { throw Vanished{}; };
  CHECK_THROWS_AS((void)server.tick(), Vanished);
  database.now += 2min;
  CHECK(laptop.tick().code == ExitCode::success);
  CHECK(laptop.spiders_run().empty());
  CHECK(laptop.logged("Run 1 belongs to server, pid 17, which may be reconnecting"));
  CHECK(laptop.tick({true, {}}).code == ExitCode::already_running);
  CHECK(
      laptop.logged("error Run 1 belongs to server, pid 17, which may be reconnecting (last "
                    "heard of 2 min ago); its spiders may still be running until now; nothing "));
  database.now += 1us;
  CHECK(laptop.tick().code == ExitCode::success);
  CHECK(laptop.spiders_run() == Names{"a", "b", "c"});
}

TEST_CASE("no owner elsewhere is given up while its spiders may live without it") {
  MemoryDatabase database;
  TestHost server(database, "server", 17);
  TestHost laptop(database);

  struct Vanished {};

  server.schedule.rules = [](SpiderJob& job) { job.limits.grace = job.name == "b" ? 10min : 1s; };
  server.runner.before_each = [](const SpiderJob&) { throw Vanished{}; };
  CHECK_THROWS_AS((void)server.tick(), Vanished);
  const auto outlive = only_run(database).spiders_outlive;
  CHECK(outlive >= 10min + 35s);
  CHECK(outlive < 12min);
  database.now += outlive;
  for (const bool force : {false, true}) {
    CHECK(laptop.tick({force, {}}).code == (force ? ExitCode::already_running : ExitCode::success));
  }
  CHECK(laptop.spiders_run().empty());
  database.now += 1us;
  (void)laptop.tick();
  CHECK(laptop.spiders_run() == Names{"a", "b", "c"});
}

TEST_CASE("a run that is tried again has the limits of whoever tries it") {
  MemoryDatabase database;
  TestHost first(database);
  first.schedule.rules = [](SpiderJob& job) { job.limits.grace = 1h; };
  first.runner.ends["b"] = Exited{3};
  (void)first.tick();
  CHECK(only_run(database).spiders_outlive > 1h);
  database.now += 15min;
  TestHost next(database, "server", 17);
  next.source.while_listed = [&] { CHECK(only_run(database).spiders_outlive == 0s); };
  (void)next.tick();
  CHECK(only_run(database).spiders_outlive > 1min);
  CHECK(only_run(database).spiders_outlive < 3min);
}

TEST_CASE("a server that was just started waits a moment for the owners of its runs") {
  MemoryDatabase database;
  TestHost server(database, "server", 17);
  TestHost laptop(database);

  struct Vanished {};

  server.runner.before_each = [](const SpiderJob&) { throw Vanished{}; };
  CHECK_THROWS_AS((void)server.tick(), Vanished);
  database.now += 1h;
  database.up_since = database.now - 4900ms;
  CHECK(laptop.tick({true, {}}).code == ExitCode::already_running);
  CHECK(
      laptop.logged("info Run 1 belongs to server, pid 17, which may be reconnecting (last "
                    "heard of 1 h ago); its spiders may still be running until "));
  CHECK(laptop.logged("; waiting for it"));
  database.now += 10s;
  CHECK(laptop.tick({true, {}}).code == ExitCode::success);
}

TEST_CASE("a heartbeat of the future holds nobody back for ever") {
  MemoryDatabase database;
  TestHost server(database, "server", 17);
  TestHost laptop(database);
  FakeDisk disk;
  laptop.keep_journal(disk);

  struct Vanished {};

  server.runner.before_each = [](const SpiderJob&) { throw Vanished{}; };
  CHECK_THROWS_AS((void)server.tick(), Vanished);
  auto& run = database.runs[0].run;
  run.started -= 1h;
  run.heartbeat += 500h;
  const auto pass = [&](Duration time) {
    database.now += time;
    laptop.clock().since_boot += time;
    laptop.clock().wall += time;
  };
  (void)laptop.tick();
  CHECK(laptop.logged("last heard of in the future of the database's clock"));
  pass(2min);
  (void)laptop.tick();
  CHECK(laptop.spiders_run().empty());
  SUBCASE("counted from when it last changed") {
    run.heartbeat += 1s;
    pass(1h);
    (void)laptop.tick();
    CHECK(laptop.spiders_run().empty());
    pass(2min);
  }
  pass(1us);
  (void)laptop.tick();
  CHECK(laptop.spiders_run() == Names{"a", "b", "c"});
  CHECK(only_run(database).status == RunStatus::completed);
}

TEST_CASE("with two slots a run is not marked whose owner is back since it was looked at") {
  MemoryDatabase database;
  TestHost server(database, "server", 17, 2);
  TestHost laptop(database, "laptop", 4711, 2);
  server.runner.before_each = [&](const SpiderJob& job) {
    if (job.name != "a") return;
    server.store.lose_connection();
    database.now += 3min;
    // Between its look and its mark: the owner is back, in its own slot.
    int statements = 0;
    database.before_statement = [&] {
      if (!laptop.logged("Starting scheduler") || ++statements != 6) return;
      database.runs[0].run.heartbeat = database.now;
      database.slots[0] = &server.store;
    };
    CHECK(laptop.tick().code == ExitCode::success);
    CHECK(statements >= 6);
    database.before_statement = nullptr;
  };
  CHECK(server.tick().code == ExitCode::success);
  CHECK(laptop.logged("info Run 1 went on meanwhile; deciding again"));
  CHECK_FALSE(laptop.logged("was interrupted"));
  CHECK(laptop.spiders_run().empty());
  CHECK(server.spiders_run() == Names{"a", "b", "c"});
  CHECK(only_run(database).attempt == 1);
}

TEST_CASE("a row that somebody removes in mid-run is written anew, and the spiders go on") {
  MemoryDatabase database;
  TestHost host(database);
  host.runner.before_each = [&](const SpiderJob& job) {
    if (job.name == "b") database.runs.clear();
  };
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.spiders_run() == Names{"a", "b", "c"});
  CHECK(only_run(database).status == RunStatus::completed);
  CHECK(only_run(database).spider_count == 3);
  CHECK(database.runs[0].outcomes.size() == 3);
  CHECK(host.logged(
      "warning The row of run 1 is gone; it is recorded anew as run 2, and the spiders go on"));
}

TEST_CASE("a signal ends the run as interrupted, and the next tick finishes it at once") {
  MemoryDatabase database;
  TestHost host(database);
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
  TestHost host(database);
  host.source.while_listed = [] {
    std::raise(SIGTERM);  // which would end this program where it is not blocked
    throw ListingStopped("not listed");
  };
  CHECK(host.tick().signal == SIGTERM);
  sigset_t blocked;
  ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
  CHECK(sigismember(&blocked, SIGTERM) == 0);
  CHECK(only_run(database).failure == "interrupted by SIGTERM");
  CHECK(database.runs[0].faults.empty());
  CHECK(only_run(database).next_attempt == database.now);
  CHECK(host.spiders_run().empty());
  CHECK_FALSE(host.logged("gone"));
  host.source.while_listed = nullptr;
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.spiders_run() == Names{"a", "b", "c"});
}

TEST_CASE("a retry that is stopped while spiders are listed forgets none that had succeeded") {
  MemoryDatabase database;
  FakeDisk disk;
  TestHost host(database);
  host.keep_journal(disk);
  host.runner.ends["b"] = Exited{3};
  CHECK(host.tick().code == ExitCode::spider_failed);
  database.now += 15min;
  host.clock().wall += 15min;
  host.clock().since_boot += 15min;
  host.source.while_listed = [] {
    std::raise(SIGTERM);
    throw ListingStopped("not listed");
  };
  CHECK(host.tick().signal == SIGTERM);
  host.source.while_listed = nullptr;
  host.runner.ends.clear();
  host.runner.started.clear();
  database.down = true;
  (void)host.tick();
  CHECK(host.spiders_run() == Names{"b"});
}

TEST_CASE("a lost connection stops nothing, and no outcome is lost") {
  MemoryDatabase database;
  TestHost host(database);
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
  TestHost server(database, "server", 17);
  TestHost laptop(database);
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
  TestHost server(database, "server", 17);
  TestHost laptop(database);
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
  TestHost server(database, "server", 17, 2);
  TestHost laptop(database, "laptop", 4711, 2);
  server.runner.before_each = [&](const SpiderJob&) { (void)laptop.tick(); };
  (void)server.tick();
  CHECK(laptop.spiders_run().empty());
  CHECK(database.runs.size() == 1);
}

TEST_CASE("with two slots a run longer than the interval does not hold the next one back") {
  MemoryDatabase database;
  TestHost server(database, "server", 17, 2);
  TestHost laptop(database, "laptop", 4711, 2);
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
