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

struct AttemptRecord;

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
  std::string uuid;   ///< run_uuid; empty: the database makes one
  std::string token;  ///< owner_token; empty: the database makes one
  Trigger trigger = Trigger::tick;
  bool partial = false;
  std::optional<Duration> late;
  std::optional<int> missed_intervals;
  std::vector<Delay> delays{};  ///< what kept it from starting when it was due
};

/**
 * The right to write to one attempt of a run. The token changes with each attempt, so that whoever
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
  Duration ago{0};                     ///< how long ago it ended, when it is recorded
  std::optional<std::int64_t> rows{};  ///< that check_sql counted after it; empty: none
};

/** A spider's outcome as it was recorded. */
struct RecordedOutcome {
  SpiderOutcome outcome;
  int attempt = 1;
  TimePoint finished{};
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
 * used; those that take a Claim throw LostRun when the run is no longer the caller's, and
 * MissingRun when that is because somebody removed it.
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

  /** Who holds a slot; empty when nobody does any more. */
  [[nodiscard]] virtual std::optional<LockHolder> lock_holder() = 0;

  /** Records a new run that starts now, as running. */
  [[nodiscard]] virtual Claim start(const NewRun& run, const SlotLock& lock) = 0;

  /**
   * Sets a failed run back to running for its next attempt; last_run_at stays. token: the owner's;
   * empty: the database makes one.
   */
  [[nodiscard]] virtual Claim retry(const Run& run, const SlotLock& lock,
                                    const std::string& token) = 0;

  /**
   * Marks a running run whose owner is gone as failed, due again at once. False, and nothing is
   * changed, where it is not as it was seen any more: its owner has written since, say.
   */
  [[nodiscard]] virtual bool mark_interrupted(const Run& run, const std::string& why) = 0;

  /** The spiders that have succeeded in this run so far, in any attempt. */
  [[nodiscard]] virtual std::vector<std::string> succeeded(RunId run) = 0;

  /** How many spiders the whole run has, and how long they may live without this program. */
  virtual void set_spider_count(const Claim& claim, int count, Duration spiders_outlive) = 0;

  /**
   * Begins to record these outcomes, none or more, and to say that the run's owner lives; does not
   * wait. Recording the same spider and attempt twice records it once. One write at a time: not
   * before the last one is written().
   */
  virtual void send(const Claim& claim, const std::vector<SpiderOutcome>& outcomes) = 0;

  /** What the write under way waits for; where there is none, what the loss of the connection
   * shows itself by. */
  [[nodiscard]] virtual PollRequest poll_request() const = 0;

  /**
   * Goes on with the write under way as far as it can without waiting. True once it is done, or
   * there is none. When it throws there is none any more. Throws DbError also for a connection that
   * was lost while there is none.
   */
  [[nodiscard]] virtual bool written() = 0;

  /** Waits until it is written, at most as long as a statement may take. */
  virtual void wait_written() = 0;

  /** Ends the attempt. */
  virtual void finish(const Claim& claim, const RunEnd& end) = 0;

  /**
   * After a lost connection, or for an attempt that began without one: connects, takes the lock and
   * makes sure that the run is the caller's; a run that this database has no row of is recorded, as
   * running. Throws DbError when the database is still away, LostRun when the run, or its lock, is
   * somebody else's.
   */
  [[nodiscard]] virtual RunId reclaim(const AttemptRecord& attempt, const HostTime& now,
                                      SlotLock& lock) = 0;

  /**
   * Records a run whose row was removed, or was refused, as running, with the lock that is held on
   * this connection. Throws LostRun when it is there, and somebody else's.
   */
  [[nodiscard]] virtual RunId record_again(const AttemptRecord& attempt, const HostTime& now) = 0;

  /** The lock of a slot, not held: for reclaim(). */
  [[nodiscard]] virtual std::unique_ptr<SlotLock> unheld_lock(int slot) = 0;

  /**
   * Records an attempt whose program is gone, whole or not at all, and exactly once however often
   * it is called: its run where there is none, and each outcome. What others have done to the run
   * since stays, unless they only took the attempt for interrupted and it had ended. Gives the
   * run's id.
   */
  virtual RunId replay(const AttemptRecord& attempt, const HostTime& now) = 0;

  /** Forgets a connection that was lost: the next verb makes a new one. */
  virtual void drop_connection() noexcept = 0;

  /** Makes sure that the connection works and the run is the caller's, without writing anything.
   * Throws DbError or LostRun. */
  virtual void verify(const Claim& claim) = 0;

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

}  // namespace spider_check
