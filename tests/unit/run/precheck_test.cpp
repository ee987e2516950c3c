// What a precheck's objection puts off, and what not.
#include <doctest/doctest.h>

#include "run/tick_decision.hpp"
#include "support/host.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

constexpr TimePoint now{std::chrono::hours(500'000)};

/** A tick that finds data of this age, and asks a precheck. */
struct World {
  World() { host.schedule.precheck = std::ref(precheck); }

  std::optional<std::string> ask(std::optional<Duration> age) {
    State state;
    state.now = now;
    if (age) state.newest_success = now - *age;
    return deferred(host.schedule, state);
  }

  MemoryDatabase database;
  TestHost host{database};
  FakePrecheck precheck;
};

}  // namespace

TEST_CASE("data waits until it is older than the limit, and no data never waits") {
  CHECK(may_wait(now - 5h, now, 24h));
  CHECK(may_wait(now - 24h, now, 24h));
  CHECK_FALSE(may_wait(now - 24h - 1us, now, 24h));
  CHECK_FALSE(may_wait(std::nullopt, now, 24h));
}

TEST_CASE("without a precheck, or an objection, nothing waits") {
  World world;
  CHECK_FALSE(world.ask(5h));
  CHECK(world.precheck.asked == 1);
  world.host.schedule.precheck = nullptr;
  CHECK_FALSE(world.ask(5h));
  CHECK(world.host.logged_text().empty());
}

TEST_CASE("an objection puts a run off, and says why and for how long") {
  World world;
  world.precheck.answer = "precheck `online` exited with 1";
  CHECK(world.ask(5h) == "Deferred: precheck `online` exited with 1; the next tick tries again");
  CHECK(world.ask(24h).has_value());
  CHECK(world.host.logged_text().empty());
}

TEST_CASE("an objection that comes too late is a warning") {
  World world;
  world.precheck.answer = "precheck `online` exited with 1";
  CHECK_FALSE(world.ask(24h + 1us));
  CHECK(
      world.host.logged("warning The precheck `online` exited with 1, but the data is older than "
                        "precheck_max_age (1d); running anyway\n"));
  world.host.schedule.precheck_max_age = 3h;
  CHECK_FALSE(world.ask(4h));
  CHECK(world.host.logged("older than precheck_max_age (3h); running anyway\n"));
}

TEST_CASE("an objection to the very first run is a warning") {
  World world;
  world.precheck.answer = "precheck `online` exited with 1";
  CHECK_FALSE(world.ask(std::nullopt));
  CHECK(
      world.host.logged("warning The precheck `online` exited with 1, but nothing has succeeded "
                        "yet; running anyway\n"));
}

}  // namespace spider_check::test
