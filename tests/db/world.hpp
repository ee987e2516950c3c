#pragma once

#include <memory>
#include <string>
#include <vector>

#include <libpq-fe.h>

#include "db/pg_run_store.hpp"
#include "db/session.hpp"
#include "outbox/journal.hpp"
#include "schedule/spider.hpp"
#include "util/interface.hpp"

namespace spider_check::test {

/** A database of its own in the test's PostgreSQL, dropped at the end. Throws std::runtime_error.
 */
class TestDatabase {
 public:
  TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;
  TestDatabase(TestDatabase&&) = delete;
  TestDatabase& operator=(TestDatabase&&) = delete;
  ~TestDatabase();

  [[nodiscard]] ConnectionOptions options() const;

  /** Runs SQL as a client that is none of ours and gives the first column of the first row. */
  std::string sql(const std::string& text) const;

 private:
  std::string name_;
};

/** A process whose identity a test makes up. */
class KnownOwner final : public Host {
 public:
  explicit KnownOwner(Owner self) : self_(std::move(self)) {}

  [[nodiscard]] const Owner& self() const override { return self_; }

  [[nodiscard]] bool exists(const Owner& neighbour) const override { return neighbour == self_; }

  [[nodiscard]] bool is_alive(int pid, std::int64_t start) const override {
    return pid == self_.pid && start == self_.process_start;
  }

  [[nodiscard]] HostTime now() const override { return {}; }

  [[nodiscard]] std::string new_uuid() const override { return {}; }

 private:
  Owner self_;
};

/** A process of ours: a session with a store on it. */
struct Client {
  Client(const TestDatabase& database, const Owner& owner, int max_instances = 1,
         const std::string& schedule = "default")
      : self(owner),
        session(database.options(), session_name(owner.host, owner.pid)),
        store(session, schedule, max_instances, self) {}

  KnownOwner self;
  Session session;
  PgRunStore store;
};

/** An owner on this host with this pid. */
[[nodiscard]] Owner owner(int pid, const std::string& host = "laptop");

/** A spider's outcome that ended so. */
[[nodiscard]] SpiderOutcome outcome(const std::string& spider, Termination end);

// What becomes of a run, as its program has it recorded.

/** The run starts in this slot. */
AttemptRecord start(RunStore& store, const SlotLock& lock, const NewRun& run = {},
                    const Owner& who = owner(1));

/** Its next attempt starts. */
AttemptRecord retry(RunStore& store, const Run& run, const SlotLock& lock,
                    const Owner& who = owner(1));

RecordedRun beat(RunStore& store, const AttemptRecord& attempt);
void count(RunStore& store, AttemptRecord& attempt, int spiders, Duration spiders_outlive);

/** ago: how long ago they ended. */
void add(RunStore& store, const AttemptRecord& attempt, const std::vector<SpiderOutcome>& outcomes,
         Duration ago = {});
void finish(RunStore& store, AttemptRecord& attempt, const RunEnd& end);

/** After a lost connection. */
RecordedRun reclaim(RunStore& store, const AttemptRecord& attempt, SlotLock& lock,
                    const HostTime& now = {});

/** When its program is gone. */
RunId replay(RunStore& store, const AttemptRecord& attempt, const HostTime& now);

}  // namespace spider_check::test
