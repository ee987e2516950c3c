// What every NotificationStore does, shown of the real one and of the one that the unit tests rely
// on.

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "db/notification_store.hpp"
#include "support/memory_notification_store.hpp"
#include "two_hosts.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

const Names channels{"program", "webhook"};

/** Two hosts that tell people, on PostgreSQL. */
class RealNotifications {
 public:
  RealNotifications() { (void)migrate(a_.session); }

  NotificationStore& a() { return notifications_a_; }

  NotificationStore& b() { return notifications_b_; }

  RunStore& runs() { return a_.store; }

  /** As if so much time went by. */
  void age(Duration by) {
    const auto step =
        std::to_string(by / std::chrono::microseconds(1)) + " * interval '1 microsecond'";
    database_.sql("UPDATE scheduler_state SET last_run_at = last_run_at - " + step);
    database_.sql("UPDATE spider_check_notification SET created_at = created_at - " + step +
                  ", next_try_at = next_try_at - " + step);
  }

 private:
  TestDatabase database_;
  Client a_{database_, owner(1)};
  Client b_{database_, owner(2, "server")};
  PgNotificationStore notifications_a_{a_.session, "default"};
  PgNotificationStore notifications_b_{b_.session, "default"};
};

/** The same in memory. */
class MemoryNotifications {
 public:
  NotificationStore& a() { return a_; }

  NotificationStore& b() { return b_; }

  RunStore& runs() { return runs_; }

  void age(Duration by) { database_.now += by; }

 private:
  MemoryDatabase database_;
  MemoryRunStore runs_{database_, 1, owner(1)};
  MemoryNotificationStore a_{database_};
  MemoryNotificationStore b_{database_};
};

NewNotification message(const std::string& channel, const std::string& key) {
  return {channel, EventKind::failing, key, R"({"text": "it's \\ \"so\" ñ"})"};
}

void run_through(RunStore& store, RunStatus status, bool partial = false) {
  const auto lock = store.try_lock();
  REQUIRE(lock);
  NewRun run;
  run.partial = partial;
  auto ours = start(store, *lock, run);
  count(store, ours, 1, 2min);
  add(store, ours, {outcome("a", Exited{status == RunStatus::completed ? 0 : 1})});
  finish(store, ours, {status, status == RunStatus::failed ? "it failed" : "", {}, {}});
}

/** The channels of what is due. */
Names taken(NotificationStore& store) {
  Names names;
  for (const auto& due : store.take_due(channels, 3min)) names.push_back(due.channel);
  return names;
}

}  // namespace

TEST_CASE_TEMPLATE("at first nobody was told anything", World, RealNotifications,
                   MemoryNotifications) {
  World world;
  CHECK(world.a().told().version == 0);
  const auto summary = world.a().summary();
  CHECK_FALSE(summary.last.has_value());
  CHECK_FALSE(summary.newest_success.has_value());
  CHECK_FALSE(summary.first_try.has_value());
  CHECK(summary.failed_runs == 0);
  CHECK(taken(world.a()).empty());
}

TEST_CASE_TEMPLATE("the situation is what came after the newest success", World, RealNotifications,
                   MemoryNotifications) {
  World world;
  run_through(world.runs(), RunStatus::failed);
  world.age(1h);
  CHECK(world.a().summary().failed_runs == 1);
  run_through(world.runs(), RunStatus::completed);
  world.age(1h);
  auto summary = world.a().summary();
  CHECK(summary.failed_runs == 0);
  CHECK_FALSE(summary.first_try.has_value());
  CHECK(about(summary.newest_success.value() + 1h, summary.now));
  run_through(world.runs(), RunStatus::failed);
  world.age(2h);
  run_through(world.runs(), RunStatus::failed);
  run_through(world.runs(), RunStatus::failed, true);
  world.age(1h);
  summary = world.b().summary();
  CHECK(summary.failed_runs == 2);
  CHECK(about(summary.first_try.value() + 3h, summary.now));
  CHECK(about(summary.newest_success.value() + 4h, summary.now));
  REQUIRE(summary.last.has_value());
  CHECK(summary.last->failure == "it failed");
  REQUIRE(summary.outcomes.size() == 1);
  CHECK(summary.outcomes[0].outcome.spider == "a");
  CHECK(summary.outcomes[0].outcome.judgement.verdict == Verdict::failed);
}

TEST_CASE_TEMPLATE("what was told is seen by every host", World, RealNotifications,
                   MemoryNotifications) {
  World world;
  NotificationState told;
  told.failing = true;
  told.degraded = {"a", "b, {c}", "\"d\""};
  told.success = TimePoint(400'000h + 1us);
  CHECK(world.a().tell(told, {message("webhook", "one")}));
  const auto seen = world.b().told();
  CHECK(seen.version == 1);
  CHECK(seen.failing);
  CHECK_FALSE(seen.stale);
  CHECK(seen.degraded == told.degraded);
  CHECK(seen.success == told.success);
  auto next = seen;
  next.failing = false;
  next.stale = true;
  next.success.reset();
  CHECK(world.b().tell(next, {}));
  CHECK(world.a().told().version == 2);
  CHECK_FALSE(world.a().told().failing);
  CHECK(world.a().told().stale);
  CHECK_FALSE(world.a().told().success.has_value());
}

TEST_CASE_TEMPLATE("of two hosts that decide at once one is right", World, RealNotifications,
                   MemoryNotifications) {
  World world;
  for (int round = 0; round < 2; ++round) {
    const auto told = world.a().told();
    REQUIRE(world.b().told().version == told.version);
    const auto key = std::to_string(round);
    CHECK(world.a().tell(told, {message("webhook", "a" + key)}));
    CHECK_FALSE(world.b().tell(told, {message("webhook", "b" + key)}));
    const auto due = world.b().take_due(channels, 3min);
    REQUIRE(due.size() == 1);
    world.b().sent(due[0].id);
    CHECK(taken(world.a()).empty());
  }
}

TEST_CASE_TEMPLATE("the same message is recorded once", World, RealNotifications,
                   MemoryNotifications) {
  World world;
  world.a().add({message("webhook", "one")});
  world.b().add({message("webhook", "one"), message("program", "one")});
  CHECK(taken(world.a()).size() == 2);
  CHECK(taken(world.a()).empty());
}

TEST_CASE_TEMPLATE("a message is one host's until its lease is over", World, RealNotifications,
                   MemoryNotifications) {
  World world;
  world.a().add({message("webhook", "one")});
  const auto due = world.a().take_due(channels, 3min);
  REQUIRE(due.size() == 1);
  CHECK(due[0].channel == "webhook");
  CHECK(due[0].event == EventKind::failing);
  CHECK(due[0].facts == message("webhook", "one").facts);
  CHECK(due[0].tries == 1);
  CHECK(taken(world.b()).empty());
  world.age(2min);
  CHECK(taken(world.b()).empty());
  world.age(61s);
  const auto again = world.b().take_due(channels, 3min);
  REQUIRE(again.size() == 1);
  CHECK(again[0].tries == 2);
  world.b().sent(again[0].id);
  world.age(1h);
  CHECK(taken(world.a()).empty());
}

TEST_CASE_TEMPLATE("messages of a channel come one after the other, and channels do not wait",
                   World, RealNotifications, MemoryNotifications) {
  World world;
  world.a().add({message("webhook", "one"), message("webhook", "two"), message("program", "two"),
                 message("elsewhere", "two")});
  const auto due = world.a().take_due(channels, 3min);
  REQUIRE(due.size() == 2);
  CHECK(due[0].channel == "webhook");
  CHECK(due[1].channel == "program");
  world.a().not_sent(due[0].id, "no", 1min);
  world.a().sent(due[1].id);
  CHECK(taken(world.a()).empty());
  world.age(61s);
  const auto again = world.a().take_due(channels, 3min);
  REQUIRE(again.size() == 1);
  CHECK(again[0].id == due[0].id);
  world.a().sent(again[0].id);
  CHECK(taken(world.a()) == Names{"webhook"});
}

TEST_CASE_TEMPLATE("a message that does not arrive for a day is given up", World, RealNotifications,
                   MemoryNotifications) {
  World world;
  world.a().add({message("webhook", "one")});
  for (const auto age : {23h, 2h}) {
    world.age(age);
    const auto due = world.a().take_due(channels, 3min);
    REQUIRE(due.size() == 1);
    world.a().not_sent(due[0].id, "no", 1min);
  }
  world.age(1h);
  CHECK(taken(world.a()).empty());
}

TEST_CASE_TEMPLATE("what is too old, or for a channel that is gone, is never sent", World,
                   RealNotifications, MemoryNotifications) {
  World world;
  world.a().add({message("webhook", "old"), message("program", "old")});
  world.age(25h);
  world.a().add({message("webhook", "new"), message("program", "new")});
  world.b().give_up({"webhook"});
  CHECK(taken(world.a()) == Names{"webhook"});
  world.a().give_up(channels);
  world.age(2h);
  const auto due = world.a().take_due(channels, 3min);
  REQUIRE(due.size() == 1);
  CHECK(due[0].channel == "webhook");
  world.a().sent(due[0].id);
  // They are settled, and known: nothing brings them back.
  world.a().add({message("program", "new"), message("webhook", "old")});
  CHECK(taken(world.a()).empty());
  world.age(4h);
  world.a().forget_settled(3h);
  world.a().add({message("program", "new")});
  CHECK(taken(world.a()) == Names{"program"});
}

TEST_CASE_TEMPLATE("what is settled is forgotten in time, and what is due is not", World,
                   RealNotifications, MemoryNotifications) {
  World world;
  world.a().add({message("webhook", "sent"), message("program", "due")});
  for (const auto& due : world.a().take_due({"webhook"}, 3min)) world.a().sent(due.id);
  world.age(2h);
  world.a().forget_settled(3h);
  world.a().add({message("webhook", "sent")});
  CHECK(taken(world.a()) == Names{"program"});
  world.age(2h);
  world.a().forget_settled(3h);
  // As new: so it was gone, and the other one was not.
  world.a().add({message("webhook", "sent"), message("program", "due")});
  CHECK(taken(world.a()).size() == 2);
}

TEST_CASE(
    "a glance looks for messages only where it is told to, and then sees what is to be done") {
  TestDatabase database;
  Client client(database, owner(1));
  (void)migrate(client.session);
  PgNotificationStore telling(client.session, "default");
  run_through(client.store, RunStatus::completed);
  CHECK_FALSE(client.store.latest_success().may_notify);
  client.store.look_for_messages(channels);
  CHECK(client.store.latest_success().may_notify);  // nobody has looked at this success
  NotificationState told;
  told.success = client.store.latest_success().newest_success;
  CHECK(telling.tell(told, {}));
  CHECK_FALSE(client.store.latest_success().may_notify);
  telling.add({message("elsewhere", "one")});
  CHECK_FALSE(client.store.latest_success().may_notify);
  telling.add({message("webhook", "one")});
  CHECK(client.store.latest_success().may_notify);
  (void)telling.take_due(channels, 3min);
  CHECK_FALSE(client.store.latest_success().may_notify);
  database.sql("UPDATE scheduler_state SET last_run_at = now()");
  CHECK(client.store.latest_success().may_notify);
}

}  // namespace spider_check::test
