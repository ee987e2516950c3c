#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "outbox/journal.hpp"
#include "schedule/spider.hpp"

namespace spider_check::test {

class MemoryRunStore;

/** A run as the memory store keeps it. */
struct MemoryRun {
  Run run;
  Trigger trigger = Trigger::tick;
  std::optional<Duration> late;
  std::optional<int> missed_intervals;
  std::vector<Delay> delays;
  std::vector<RecordedOutcome> outcomes;
  std::map<int, std::string> tokens;  ///< of the attempts that outcomes are of
  std::vector<std::string> faults;
};

/** What the stores of several hosts share: rows, locks and one clock that a test sets. */
struct MemoryDatabase {
  TimePoint now{std::chrono::hours(500'000)};
  DatabaseIdentity identity{"00000000-0000-4000-8000-000000000001", "jobs"};
  std::vector<MemoryRun> runs;
  std::map<int, const MemoryRunStore*> slots;
  const MemoryRunStore* decides = nullptr;          ///< where there are several slots; see SlotLock
  TimePoint up_since{std::chrono::hours(400'000)};  ///< when the server was started
  bool down = false;                                ///< every verb throws DbError
  std::set<std::string> cut_off;                    ///< hosts for which it is down
  RunId last_id = 0;                                ///< of whichever run there was
  bool refuses_history = false;                     ///< what was before cannot be read
  bool refuses_pruning = false;                     ///< what is old cannot be removed
  bool refuses_crawls = false;                      ///< a write that holds a crawl fails
  /** Whether this verb, one that writes, is refused; run: its uuid. Empty: none is.
   */
  std::function<bool(const std::string& verb, const std::string& run)> refuses;
  std::function<void()> before_lock;  ///< called once, between a tick's first look and its lock
  std::function<void()> before_statement;  ///< called by every verb; what it throws comes through
  std::function<void()> after_write;  ///< the same, once something is written and not yet answered

  /** The id of a new run: greater than any before. */
  [[nodiscard]] RunId next_id();

  [[nodiscard]] MemoryRun& find(RunId id);

  /** Null when there is none. */
  [[nodiscard]] MemoryRun* find(const std::string& uuid);
};

/**
 * A RunStore without PostgreSQL. The contract test (tests/db) holds it against the real one, so
 * that it cannot drift.
 */
class MemoryRunStore final : public RunStore {
 public:
  MemoryRunStore(MemoryDatabase& database, int max_instances, Owner owner)
      : database_(database), max_instances_(max_instances), owner_(std::move(owner)) {}

  bool may_notify = false;        ///< what a glance says where there is a success
  const bool* cut_off = nullptr;  ///< while it says so the database is down for this one

  [[nodiscard]] LatestSuccess latest_success() override;
  [[nodiscard]] DatabaseIdentity database() override;
  [[nodiscard]] State state() override;
  [[nodiscard]] std::unique_ptr<SlotLock> try_lock() override;
  [[nodiscard]] std::optional<LockHolder> lock_holder() override;
  [[nodiscard]] bool mark_interrupted(const Run& run, const std::string& why) override;
  [[nodiscard]] std::vector<std::string> succeeded(RunId run) override;
  void send(const AttemptFacts& facts, const HostTime& now) override;
  [[nodiscard]] PollRequest poll_request() const override;
  [[nodiscard]] std::optional<RecordedRun> written() override;

  RecordedRun wait_written() override { return *written(); }

  void watch() override;
  void take_again(SlotLock& lock) override;
  [[nodiscard]] std::unique_ptr<SlotLock> unheld_lock(int slot) override;
  void drop_connection() noexcept override;
  [[nodiscard]] std::vector<RecordedOutcome> outcomes(RunId run) override;
  [[nodiscard]] std::map<std::string, Baseline> baselines(
      const std::vector<std::string>& spiders) override;
  [[nodiscard]] std::vector<std::string> spiders_of_last_success() override;
  [[nodiscard]] std::vector<std::filesystem::path> newest_failed_logs() override;
  [[nodiscard]] RunId newest_run_before(Duration age) override;
  Pruned prune(PruneStep& step) override;

  /** The server takes this one for another that has the same connection. */
  void take_locks_of(const MemoryRunStore& other);

  /** As if the connection broke: the server frees the locks of this store. */
  void lose_connection();

  /** The same, and verbs find out: they throw DbError until drop_connection(). */
  void break_session();

  /** The same, and nothing is heard of it: only a statement finds out. */
  void break_session_silently();

 private:
  friend class MemorySlotLock;

  void require_up();
  void require_taken(const std::string& verb, const std::string& run = {}) const;
  /** Others may write meanwhile: no row that was found before may be used after. */
  void answer() const;
  [[nodiscard]] std::string verb_of(const AttemptFacts& facts) const;
  MemoryRun& add_run(const AttemptRecord& attempt, const HostTime& now);
  RecordedRun write(const AttemptFacts& facts, const HostTime& now);
  [[nodiscard]] bool held_by_others(int slot) const;
  [[nodiscard]] bool stays(const MemoryRun& row, const PruneStep& step) const;

  MemoryDatabase& database_;
  int max_instances_;
  Owner owner_;
  bool broken_ = false;
  bool heard_ = false;                  ///< of that, without asking
  std::function<RecordedRun()> write_;  ///< the one under way
};

}  // namespace spider_check::test
