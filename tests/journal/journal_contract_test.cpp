// What every Journal does, shown of the real one and of the one that the unit tests rely on.

#include <functional>
#include <future>
#include <utility>

#include <doctest/doctest.h>

#include "attempts.hpp"
#include "outbox/file_journal.hpp"
#include "process/temp_directory.hpp"
#include "support/fake_journal.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

/** Two processes of one host, on a real disk. */
struct RealDisk {
  RealDisk() : a(directory.path(), "default", 2), b(directory.path(), "default", 2) {}

  static void at_once(const std::function<void()>& one, const std::function<void()>& other) {
    const auto others = std::async(std::launch::async, other);
    one();
  }

  TempDirectory directory;
  FileJournal a;
  FileJournal b;
};

/** The same in memory. */
struct MemoryDisk {
  /** The other process comes when the first one is about to write. */
  void at_once(const std::function<void()>& one, const std::function<void()>& other) {
    bool come = false;
    disk.before_write = [&] {
      if (!std::exchange(come, true)) other();
    };
    one();
    disk.before_write = nullptr;
  }

  FakeDisk disk;
  FakeJournal a{disk, 2};
  FakeJournal b{disk, 2};
};

}  // namespace

TEST_CASE_TEMPLATE("an empty journal holds nothing", World, RealDisk, MemoryDisk) {
  World world;
  CHECK_FALSE(world.a.pending());
  const auto contents = world.a.read();
  CHECK(contents.attempts.empty());
  CHECK(contents.free_slots == 2);
  CHECK_FALSE(contents.host_state.success.has_value());
  CHECK(held_in(world.a).empty());
  CHECK(world.a.take_faults().empty());
  CHECK_FALSE(world.a.is_current(TimePoint{}));
}

TEST_CASE_TEMPLATE("what is written of an attempt is read by others, while it goes on", World,
                   RealDisk, MemoryDisk) {
  World world;
  OpenAttempt attempt(world.a, some_attempt());
  attempt.count(3, 2min);
  attempt.start({"news", "/logs/news", now});
  attempt.outcome(some_outcome(), false);
  attempt.outcome(some_outcome("jobs"), true);
  CHECK(world.b.pending());
  const auto contents = world.b.read();
  REQUIRE(contents.attempts.size() == 1);
  const auto& pending = contents.attempts[0];
  CHECK(pending.live);
  CHECK(pending.record.claim.uuid == "uuid");
  CHECK(pending.record.spider_count == 3);
  CHECK(pending.record.starts.size() == 1);
  CHECK(pending.record.outcomes.size() == 2);
  CHECK_FALSE(pending.record.end.has_value());
  CHECK(held_in(world.b).empty());
}

TEST_CASE_TEMPLATE("when its program is gone it can be held, by one at a time", World, RealDisk,
                   MemoryDisk) {
  World world;
  OpenAttempt(world.a, some_attempt());
  CHECK_FALSE(world.b.read().attempts.at(0).live);
  int visited = 0;
  world.a.visit_pending([&](const PendingAttempt& attempt) {
    ++visited;
    CHECK(attempt.record.claim.token == "token-1");
    CHECK(held_in(world.b).empty());
    CHECK(world.b.read().attempts.at(0).live);
    return true;
  });
  CHECK(visited == 1);
  CHECK(held_in(world.b).size() == 1);
}

TEST_CASE_TEMPLATE("nobody carries a later attempt while another process is at an earlier one",
                   World, RealDisk, MemoryDisk) {
  World world;
  for (const auto* token : {"first", "second"}) OpenAttempt(world.a, some_attempt(token));
  world.a.visit_pending([&](const PendingAttempt& /*attempt*/) {
    CHECK(held_in(world.b).empty());
    for (const auto& attempt : world.b.read().attempts) CHECK(attempt.live);
    return false;
  });
  CHECK(held_in(world.b).size() == 2);
  for (const auto& attempt : world.a.read().attempts) CHECK_FALSE(attempt.live);
}

TEST_CASE_TEMPLATE("a visit ends where it is told to", World, RealDisk, MemoryDisk) {
  World world;
  for (const auto* token : {"first", "second"}) OpenAttempt(world.a, some_attempt(token));
  int visited = 0;
  world.a.visit_pending([&](const PendingAttempt& /*attempt*/) { return ++visited == 2; });
  CHECK(visited == 1);
}

TEST_CASE_TEMPLATE("attempts come in the order in which they began", World, RealDisk, MemoryDisk) {
  World world;
  for (const auto* token : {"z", "a", "m"}) OpenAttempt(world.a, some_attempt(token));
  const auto held = held_in(world.b);
  REQUIRE(held.size() == 3);
  CHECK(held[0].claim.token == "z");
  CHECK(held[1].claim.token == "a");
  CHECK(held[2].claim.token == "m");
  CHECK(world.b.read().attempts.at(1).record.claim.token == "a");
}

TEST_CASE_TEMPLATE("what is forgotten is gone", World, RealDisk, MemoryDisk) {
  World world;
  OpenAttempt(world.a, some_attempt("own")).forget();
  CHECK_FALSE(world.a.pending());
  OpenAttempt(world.a, some_attempt("dead"));
  world.b.visit_pending([&](const PendingAttempt& attempt) {
    world.b.forget(attempt.name);
    return true;
  });
  CHECK_FALSE(world.a.pending());
  CHECK(world.a.read().attempts.empty());
}

TEST_CASE_TEMPLATE("an end is told by its own program, or by whoever holds it", World, RealDisk,
                   MemoryDisk) {
  World world;
  OpenAttempt(world.a, some_attempt("own")).end(some_end());
  OpenAttempt(world.a, some_attempt("dead"));
  world.b.visit_pending([&](const PendingAttempt& attempt) {
    if (!attempt.record.end) world.b.append(attempt.name, end_json(some_end()), true);
    return true;
  });
  for (const auto& pending : world.a.read().attempts) {
    REQUIRE(pending.record.end.has_value());
    CHECK(pending.record.end->end.failure == some_end().end.failure);
  }
}

TEST_CASE_TEMPLATE("an id that a database gave is remembered, and which one it was", World,
                   RealDisk, MemoryDisk) {
  World world;
  OpenAttempt(world.a, some_attempt()).recorded(41, {"77ab", "other"});
  CHECK(world.b.read().attempts.at(0).record.claim.id == 41);
  CHECK(world.b.read().attempts.at(0).record.database.id == "77ab");
}

TEST_CASE_TEMPLATE("each slot is one process's, until it lets go", World, RealDisk, MemoryDisk) {
  World world;
  const auto first = world.a.try_lock(std::nullopt);
  REQUIRE(first);
  CHECK(first->slot() == 0);
  CHECK(world.b.read().free_slots == 1);
  CHECK_FALSE(world.b.try_lock(0));
  {
    const auto second = world.b.try_lock(std::nullopt);
    REQUIRE(second);
    CHECK(second->slot() == 1);
    CHECK_FALSE(world.a.try_lock(std::nullopt));
    CHECK(world.a.read().free_slots == 0);
  }
  first->release();
  CHECK(world.b.try_lock(0));
  CHECK(world.b.read().free_slots == 2);
}

TEST_CASE_TEMPLATE("what was remembered last is known, and by its mark at a glance", World,
                   RealDisk, MemoryDisk) {
  World world;
  HostState host_state;
  host_state.success = now;
  host_state.mark = TimePoint(1234567us);
  host_state.noted = now;
  remember(world.a, host_state);
  CHECK(world.b.is_current(TimePoint(1234567us)));
  CHECK_FALSE(world.b.is_current(TimePoint(1234568us)));
  CHECK_FALSE(world.b.is_current(TimePoint(123456us)));
  CHECK_FALSE(world.b.is_current(std::nullopt));
  CHECK(world.b.host_state().success == now);
  host_state.away = now;
  remember(world.a, host_state);
  CHECK_FALSE(world.b.is_current(TimePoint(1234567us)));
  CHECK(world.b.host_state().away == now);
  host_state.away.reset();
  host_state.published_disabled = true;
  remember(world.a, host_state);
  CHECK_FALSE(world.b.is_current(TimePoint(1234567us)));
  CHECK(world.b.host_state().published_disabled);
}

TEST_CASE_TEMPLATE("of two that change at once what is known neither undoes what the other did",
                   World, RealDisk, MemoryDisk) {
  constexpr int times = 25;
  World world;
  const auto often = [](Journal& journal, const std::function<void(HostState&)>& change) {
    for (int i = 0; i < times; ++i) journal.change(change);
  };
  world.at_once(
      [&] { often(world.a, [](HostState& host_state) { ++host_state.of_others; }); },
      [&] { often(world.b, [](HostState& host_state) { host_state.unremovable += '.'; }); });
  CHECK(world.a.host_state().of_others == times);
  CHECK(world.b.host_state().unremovable.size() == times);
}

TEST_CASE_TEMPLATE("that there is no success is known, too, once it was remembered", World,
                   RealDisk, MemoryDisk) {
  World world;
  CHECK_FALSE(world.a.is_current(std::nullopt));
  remember(world.a, {});
  CHECK(world.b.is_current(std::nullopt));
  CHECK_FALSE(world.b.is_current(TimePoint{}));
}

}  // namespace spider_check::test
