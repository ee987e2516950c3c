#include "db/slot_lock.hpp"

#include <doctest/doctest.h>

#include "db/migrator.hpp"
#include "outbox/journal.hpp"
#include "util/errors.hpp"
#include "world.hpp"

namespace spider_check::test {

TEST_CASE("the keys of slots, schedules and purposes differ, and never change") {
  const auto key = slot_key(2200, "default", 0);
  CHECK(key != slot_key(2200, "default", 1));
  CHECK(key != slot_key(2200, "other", 0));
  CHECK(key != slot_key(16385, "default", 0));
  CHECK(key != deciding_key(2200, "default"));
  CHECK(deciding_key(2200, "default") != deciding_key(16385, "default"));
  CHECK(migration_key(2200) != migration_key(16385));
  // Hosts with different versions of the program must agree on these.
  CHECK(lock_class == 1936745586);
  CHECK(key == static_cast<std::int32_t>(fnv1a("slot 0 of default in 2200")));
}

TEST_CASE("somebody else's advisory lock on the same second key is none of ours") {
  const TestDatabase database;
  Client client(database, owner(1));
  Client other(database, owner(2));
  const auto key = slot_key(client.session.schema().oid, "default", 0);
  other.session.run(
      [&](soci::session& sql) { sql << "SELECT pg_advisory_lock(1, :key)", soci::use(key); });
  CHECK(held_slots(client.session, "default", 1).empty());
  CHECK(PgSlotLock::try_take(client.session, "default", 1));
}

TEST_CASE("a slot's holder is that slot's, and none once it is free") {
  const TestDatabase database;
  Client other(database, owner(2), 3);
  Client former(database, owner(1), 3);
  Client third(database, owner(3), 3);
  const auto lock_of = [](Client& client) {
    auto lock = PgSlotLock::try_take(client.session, "default", 3);
    REQUIRE(lock);
    lock->decided();
    return lock;
  };
  const auto first = lock_of(other);
  const auto ours = lock_of(former);
  const auto last = lock_of(third);
  Client again(database, owner(1), 3);
  PgSlotLock lock(again.session, "default", ours->slot(), false);
  CHECK_FALSE(lock.take_again());
  CHECK(lock.holder()->holder->pid == 1);
  ours->release();
  CHECK_FALSE(lock.holder().has_value());
  CHECK(lock.take_again());
}

TEST_CASE("the holder of a long name is known again by what the server keeps of it") {
  const TestDatabase database;
  auto self = owner(1);
  self.host = std::string(80, 'h');
  Client former(database, self);
  const auto ours = PgSlotLock::try_take(former.session, "default", 1);
  REQUIRE(ours);
  Client again(database, self);
  PgSlotLock lock(again.session, "default", 0, false);
  // Not LostRun: it is our own former session.
  CHECK_THROWS_AS(again.store.take_again(lock), DbError);
}

TEST_CASE("a run is not given up for its own former session, whoever has the other slots") {
  const TestDatabase database;
  Client other(database, owner(2), 2);
  Client former(database, owner(1), 2);
  const auto first = PgSlotLock::try_take(other.session, "default", 2);
  REQUIRE(first);
  first->decided();
  const auto ours = PgSlotLock::try_take(former.session, "default", 2);
  REQUIRE(ours);
  ours->decided();
  Client again(database, owner(1), 2);
  PgSlotLock lock(again.session, "default", ours->slot(), false);
  CHECK_THROWS_AS(again.store.take_again(lock), DbError);
}

TEST_CASE("a run is not given up for a tick of its own host that only looks") {
  const TestDatabase database;
  Client looking(database, owner(2));
  (void)migrate(looking.session);
  const auto theirs = looking.store.try_lock();
  REQUIRE(theirs);
  Client client(database, owner(1));
  const auto lock = client.store.unheld_lock(0);
  const auto reclaim = [&] { client.store.take_again(*lock); };
  CHECK_THROWS_WITH_AS(reclaim(), doctest::Contains("looks whether to run"), DbError);
  SUBCASE("but for one that runs") {
    (void)start(looking.store, *theirs, {}, owner(2));
    CHECK_THROWS_AS(reclaim(), LostRun);
  }
  SUBCASE("but for one that runs only some spiders") {
    NewRun run;
    run.partial = true;
    (void)start(looking.store, *theirs, run, owner(2));
    CHECK_THROWS_AS(reclaim(), LostRun);
  }
}

TEST_CASE("a run is given up for whatever another host does with its slot") {
  const TestDatabase database;
  Client other(database, owner(2, "desktop"));
  (void)migrate(other.session);
  const auto theirs = other.store.try_lock();
  REQUIRE(theirs);
  Client client(database, owner(1));
  const auto lock = client.store.unheld_lock(0);
  CHECK_THROWS_AS(client.store.take_again(*lock), LostRun);
}

TEST_CASE("while one slot is being given away, another decider waits, and then finds none free") {
  const TestDatabase database;
  Client a(database, owner(1), 2);
  auto options = database.options();
  options.statement_timeout = std::chrono::milliseconds(200);
  Session b(options, "test");
  const auto lock = PgSlotLock::try_take(a.session, "default", 2);
  REQUIRE(lock);
  // Not a DbError: the server is well, and somebody else is at it.
  CHECK_FALSE(PgSlotLock::try_take(b, "default", 2));
  lock->decided();
  CHECK(PgSlotLock::try_take(b, "default", 2));
}

TEST_CASE("a lock that is not there once it was taken is refused") {
  const TestDatabase database;
  database.sql(
      "CREATE SCHEMA blind CREATE VIEW pg_locks AS "
      "SELECT * FROM pg_catalog.pg_locks WHERE false");
  auto options = database.options();
  options.parameters["options"] = "-c search_path=blind,pg_catalog,public";
  Session session(options, "spider-check 1@laptop");
  CHECK_THROWS_WITH_AS((void)PgSlotLock::try_take(session, "default", 1),
                       doctest::Contains("pooler in transaction mode"), DbError);
}

TEST_CASE("a session whose backend stays its own is no pooler's") {
  const TestDatabase database;
  Client client(database, owner(1));
  CHECK(client.session.reported_backend() > 0);
  refuse_shared_backends(client.session);
  CHECK(client.session.reported_backend() == 0);
}

}  // namespace spider_check::test
