#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "os/termination.hpp"
#include "schedule/crawl.hpp"
#include "schedule/delay.hpp"
#include "schedule/run.hpp"
#include "util/interface.hpp"
#include "util/time.hpp"

namespace spider_check {

struct AttemptFacts;

/** Which database this is, whatever its server, a copy or a restore of it is called. */
struct DatabaseIdentity {
  std::string id;    ///< empty: not known
  std::string name;  ///< for people

  /** False also where one of them is not known. */
  [[nodiscard]] bool is_other_than(const DatabaseIdentity& other) const {
    return !id.empty() && !other.id.empty() && id != other.id;
  }
};

/** What one cheap look at the store tells, enough for the tick that finds nothing to do. */
struct LatestSuccess {
  TimePoint now{};
  std::optional<TimePoint> newest_success;
  bool may_notify =
      false;  ///< there may be something to tell people; only where that is looked for
};

/** The session that holds a slot's lock. */
struct LockHolder {
  std::string host;  ///< empty when the server does not tell
  int pid = 0;       ///< 0 when the server does not tell
  TimePoint since{};
};

/** A new run, before it is recorded. */
struct NewRun {
  Trigger trigger = Trigger::tick;
  bool partial = false;
  std::optional<Duration> late;
  std::optional<int> missed_intervals;
  std::vector<Delay> delays{};  ///< what kept it from starting when it was due
};

/**
 * The right to write to one attempt of a run. The token changes with each attempt, so that an owner
 * was overtaken cannot write any more.
 */
struct Claim {
  RunId id = 0;
  int attempt = 1;
  TimePoint started{};  ///< of the run, not of the attempt
  std::string token;
  std::string uuid{};  ///< of the run
};

/** What became of one spider in one attempt: one row of spider_run. */
struct SpiderOutcome {
  std::string spider;
  ChildReport child;
  std::optional<CrawlReport> crawl;  ///< empty for a program that is no crawl
  Judgement judgement;
  std::filesystem::path log;
  std::optional<std::int64_t> rows{};  ///< that check_sql counted after it; empty: none
};

/** A spider's outcome as it was recorded. */
struct RecordedOutcome {
  SpiderOutcome outcome;
  int attempt = 1;
  TimePoint finished{};
};

/** A run, as its attempt was just recorded. */
struct RecordedRun {
  RunId id = 0;
  TimePoint started{};  ///< by the database's clock
  bool is_new = false;  ///< there was no row of it
};

/** How an attempt at a run ended. */
struct RunEnd {
  RunStatus status = RunStatus::failed;
  std::string failure;                  ///< why, in words; empty when completed
  std::vector<std::string> faults;      ///< what was wrong that is no spider's own
  std::optional<Duration> retry_after;  ///< failed: how long until the next attempt may start
};

/** Old runs with their attempts. */
struct Pruned {
  std::int64_t runs = 0;
  std::int64_t attempts = 0;
  std::int64_t kept = 0;  ///< runs that the database refuses to remove
  std::string why{};      ///< for the first of them, in words
  std::string cause{};    ///< the same as DbError::cause()
};

/** One step of a walk through the old runs, from the oldest on: from where, and how far. */
struct PruneStep {
  Duration age{0};                   ///< old is what started longer ago
  RunId mark = 0;                    ///< newest_run_before(age), which stays
  int most = 500;                    ///< how many runs are looked at
  int size = 0;                      ///< the same while some cannot be removed; 0: most
  bool dry_run = false;              ///< they are only counted
  bool by_hand = false;              ///< partial runs; they come after the whole ones
  std::optional<TimePoint> after{};  ///< the run that was looked at last started then …
  RunId after_id = 0;                ///< … and has this id
  bool done = false;                 ///< there are no more
};

/**
 * The lock of one slot of the schedule, held until release() or destruction. Where more than one
 * slot exists it also holds off other deciders until decided() is called.
 */
class SlotLock : public Interface {
 public:
  [[nodiscard]] virtual int slot() const noexcept = 0;

  /** The run is recorded, or there is none: others may decide now. Throws DbError. */
  virtual void decided() = 0;

  /** Throws DbError; the destructor does the same and ignores failures. */
  virtual void release() = 0;
};

/**
 * Where the runs of one schedule are recorded. Every verb throws DbError when the store cannot be
 * used.
 */
class RunStore : public Interface {
 public:
  /** One round trip, one index probe. */
  [[nodiscard]] virtual LatestSuccess latest_success() = 0;

  /** One round trip. */
  [[nodiscard]] virtual DatabaseIdentity database() = 0;

  /** Everything that the decision needs. A lock that this store holds itself counts as free. */
  [[nodiscard]] virtual State state() = 0;

  /** Takes the lock of a free slot; null when none is free. Never waits for a run. */
  [[nodiscard]] virtual std::unique_ptr<SlotLock> try_lock() = 0;

  /** Who holds a slot; empty when it is free again. */
  [[nodiscard]] virtual std::optional<LockHolder> lock_holder() = 0;

  /**
   * Marks a running run whose owner is gone as failed, due again at once. False, and nothing is
   * changed, where it is not as it was seen any more: its owner has written since, say.
   */
  [[nodiscard]] virtual bool mark_interrupted(const Run& run, const std::string& why) = 0;

  /** The spiders that have succeeded in this run so far, in any attempt. */
  [[nodiscard]] virtual std::vector<std::string> succeeded(RunId run) = 0;

  /**
   * Begins to record these facts; does not wait. Its run is recorded where this
   * store has no row of it, and is the attempt's from then on where it has failed before; what was
   * recorded already stays as it is. One write at a time: not before the last one is written().
   * Ages are counted back from `now`.
   */
  virtual void send(const AttemptFacts& facts, const HostTime& now) = 0;

  /** What the write under way waits for; where there is none, what the loss of the connection
   * shows itself by. */
  [[nodiscard]] virtual PollRequest poll_request() const = 0;

  /**
   * Goes on with the write under way as far as it can without waiting; empty where it is not done
   * yet. When it throws there is none any more. Throws LostRun when the attempt's owner lives, and
   * the run is somebody else's.
   */
  [[nodiscard]] virtual std::optional<RecordedRun> written() = 0;

  /** The same, waiting at most as long as a statement may take. */
  virtual RecordedRun wait_written() = 0;

  /** While nothing is written: throws DbError where the connection was lost. */
  virtual void watch() = 0;

  /**
   * After a lost connection, or for an attempt that began without one: connects, and takes the
   * lock. Throws DbError when the database is still away, LostRun when the lock is somebody else's.
   */
  virtual void take_again(SlotLock& lock) = 0;

  /** The lock of a slot, not held: for take_again(). */
  [[nodiscard]] virtual std::unique_ptr<SlotLock> unheld_lock(int slot) = 0;

  /** Forgets a connection that was lost: the next verb makes a new one. */
  virtual void drop_connection() noexcept = 0;

  /** The newest outcome of each spider in this run, by name. */
  [[nodiscard]] virtual std::vector<RecordedOutcome> outcomes(RunId run) = 0;

  /** What is usual for these spiders; none for one that never succeeded. */
  [[nodiscard]] virtual std::map<std::string, Baseline> baselines(
      const std::vector<std::string>& spiders) = 0;

  /** The names of the spiders in the newest whole run that completed. */
  [[nodiscard]] virtual std::vector<std::string> spiders_of_last_success() = 0;

  /** The logs of each spider's newest failed attempt, in whichever run. */
  [[nodiscard]] virtual std::vector<std::filesystem::path> newest_failed_logs() = 0;

  /**
   * The newest run of the schedule that, as every one with a lesser id, started longer ago than
   * that, by the store's own clock; 0: there is none. Runs of the future count for nothing.
   */
  [[nodiscard]] virtual RunId newest_run_before(Duration age) = 0;

  /**
   * Removes old runs with their attempts, and says in `step` where to go on. What stays: the newest
   * whole run and the newest that is a success, the run of each spider's newest success and of its
   * newest failure, runs that are going on, and the mark. It waits for nobody: a run that somebody
   * is just writing to is left to the next walk, and it goes round what cannot be removed.
   */
  virtual Pruned prune(PruneStep& step) = 0;
};

/** Records it at once. Throws as RunStore::wait_written(). */
inline RecordedRun record(RunStore& store, const AttemptFacts& facts, const HostTime& now) {
  store.send(facts, now);
  return store.wait_written();
}

}  // namespace spider_check
