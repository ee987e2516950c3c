#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "logs/log_name.hpp"
#include "os/host.hpp"
#include "schedule/decide.hpp"
#include "schedule/delay.hpp"
#include "schedule/run_store.hpp"
#include "util/interface.hpp"
#include "util/time.hpp"

namespace spider_check {

/** A spider that was about to start. */
struct JournaledStart {
  std::string spider;
  std::filesystem::path log;
  HostTime at;
};

/** What became of it. */
struct JournaledOutcome {
  SpiderOutcome outcome;
  HostTime ended;
  int refused = 0;  ///< how often the database took exception to it; not kept
};

/** How the attempt ended. */
struct JournaledEnd {
  RunEnd end;
  HostTime at;
};

/**
 * An attempt at a run with all that is needed to record it where the database has not got it: what
 * the journal keeps.
 */
struct AttemptRecord {
  Claim claim;  ///< its id is 0 where the database gave none yet
  NewRun run;
  DatabaseIdentity database;  ///< in which it belongs; not known where none was ever asked
  Owner owner;
  int slot = 0;
  LogName log;  ///< how its logs are named
  int spider_count = 0;
  Duration spiders_outlive{0};  ///< as in Run
  HostTime run_started;         ///< of the run's first attempt
  HostTime began;               ///< of this one
  std::vector<JournaledStart> starts;
  std::vector<JournaledOutcome> outcomes;
  std::optional<JournaledEnd> end;  ///< empty: it goes on, or its program ended first
};

/** What one statement is to record of an attempt. All that is named here outlives it. */
struct AttemptFacts {
  const AttemptRecord& attempt;
  std::span<const JournaledOutcome> outcomes{};
  const JournaledEnd* end = nullptr;  ///< null: it goes on
  bool owner_lives = true;            ///< its program; else others may have gone on with the run
};

/**
 * One outcome for each spider that was started: those that were journaled, and for each spider
 * whose program ended first, a failure that says so. Exactly one for each, however often it stands
 * in the journal.
 */
[[nodiscard]] std::vector<JournaledOutcome> outcomes_of(const AttemptRecord& attempt);

/** The end that it had, or that of a run that was interrupted and may be retried at once. */
[[nodiscard]] JournaledEnd end_of(const AttemptRecord& attempt, const HostTime& now);

/** The spiders that succeeded in it. */
[[nodiscard]] std::vector<std::string> succeeded_in(const AttemptRecord& attempt);

/** The last whole run that this host has seen recorded. */
struct HostRun {
  Claim claim;
  RunStatus status = RunStatus::completed;
  HostTime started;
  HostTime ended;
  std::optional<Duration> retry_after;  ///< counted from its end
  int spider_count = 0;
  std::string failure;
  std::vector<std::string> succeeded;  ///< spiders; kept where it failed
};

/**
 * A heartbeat that is of the future by the database's clock, which was set back: how old it is can
 * only be told from how long it has not changed.
 */
struct FutureHeartbeat {
  std::string run;  ///< its uuid
  TimePoint heartbeat{};
  HostTime since;  ///< when this host first saw it

  friend bool operator==(const FutureHeartbeat&, const FutureHeartbeat&) = default;
};

/** A process of a spider's last run that could not be ended. */
struct Survivor {
  std::string spider;
  std::string boot_id;
  std::int64_t pid_namespace = 0;
  int pid = 0;
  std::int64_t start = 0;  ///< clock ticks since boot, as of Owner; 0: unknown

  friend bool operator==(const Survivor&, const Survivor&) = default;
};

/** What the database refuses to record, and since when. */
struct Refusal {
  std::string cause;  ///< DbError::cause()
  std::string text;   ///< what the server says, and what is to be typed
  HostTime since;
};

/** What this host remembers of the database, for when it is away. */
struct HostState {
  DatabaseIdentity database;        ///< of which all this is known
  std::optional<HostTime> success;  ///< the start of the newest whole run that completed
  std::optional<TimePoint> mark;    ///< the same by the database's clock: only to be compared
  std::optional<HostRun> last;
  std::optional<HostTime> away;     ///< since when the database cannot be used
  HostTime noted;                   ///< when this was written
  bool published_disabled = false;  ///< what is published says that the schedule is disabled
  std::optional<Refusal> refused;   ///< the last time that an attempt was to be recorded
  std::string unremovable;          ///< why some old runs stay: a DbError::cause()
  /** What has kept runs from starting since the last one; at most one of each cause. */
  std::vector<NotedDelay> delays;
  std::vector<FutureHeartbeat> heartbeats;
  std::vector<Survivor> survivors{};  ///< their spiders do not start while they live
  int of_others = 0;  ///< how many attempts of other databases were said to be in the journal
};

/** An attempt that the journal still holds. */
struct PendingAttempt {
  std::string name;  ///< in the journal
  AttemptRecord record;
  bool live = false;  ///< the program that wrote it, or one that replays it, is still at it
};

/** All that the journal holds. */
struct JournalContents {
  HostState host_state;
  std::vector<PendingAttempt> attempts;  ///< in the order in which they began
  int free_slots = 1;
  /** What cannot be read, one line each: which file, why, and what mends it. */
  std::vector<std::string> unreadable{};
};

/**
 * What this host keeps of one schedule outside the database: a spool, and no state. Deleting it
 * while the database is there loses nothing. Verbs that write throw std::system_error.
 */
class Journal : public Interface {
 public:
  /** Whether there may be attempts that the database does not know of; a few system calls. */
  [[nodiscard]] virtual bool pending() = 0;

  /** Everything that can be read. */
  [[nodiscard]] virtual JournalContents read() = 0;

  /**
   * Calls `visit` with each attempt whose program is gone, in the order in which they began, until
   * it returns false; meanwhile it is held as if it were this process's own. Nothing where another
   * process is at it. What makes no sense is put aside.
   */
  virtual void visit_pending(const std::function<bool(const PendingAttempt&)>& visit) = 0;

  /** What visit_pending() put aside, or could not read, one line each; given once. */
  [[nodiscard]] virtual std::vector<std::string> take_faults() = 0;

  /**
   * Begins an attempt, which is this process's until it is forgotten or closed; it is on the disk
   * when this returns. Gives its name.
   */
  [[nodiscard]] virtual std::string begin(const AttemptRecord& record) = 0;

  /**
   * Adds a fact (record_json.hpp) to an attempt of this process, and with `sync` brings all of it
   * to the disk. What cannot be written is kept, and written with what comes next; what was
   * removed meanwhile is written anew, whole.
   */
  virtual void append(const std::string& name, const std::string& fact, bool sync) = 0;

  /** Brings to the disk what is not there yet, or not any more; cheap when all is. */
  virtual void sync(const std::string& name) = 0;

  /** All of it is in the database. */
  virtual void forget(const std::string& name) = 0;

  /** It is this process's no longer. */
  virtual void close(const std::string& name) noexcept = 0;

  /** The lock of this very slot on this host, or of any when slot is empty; null when it is taken.
   */
  [[nodiscard]] virtual std::unique_ptr<SlotLock> try_lock(std::optional<int> slot) = 0;

  /** Takes the locks that this process holds again where their files were removed. */
  virtual void keep_locks() = 0;

  [[nodiscard]] virtual HostState host_state() = 0;

  /**
   * Changes what is known. Of two processes that do so at once one waits for the other, so that
   * neither undoes what the other noted; but not for long, and not where nothing can be locked.
   */
  virtual void change(const std::function<void(HostState&)>& change) = 0;

  /**
   * Whether what is known has this mark, or none, no outage, and nothing published of a disabled
   * schedule, and was remembered by way of the same connection: what nearly every tick asks, so it
   * must cost next to nothing.
   */
  [[nodiscard]] virtual bool is_current(const std::optional<TimePoint>& mark) = 0;

  /** Where it is, for messages. */
  [[nodiscard]] virtual std::string place() const = 0;
};

/**
 * The state that decide() needs, as far as this host knows it; its clock is the host's. Attempts of
 * other databases than the one that is known count for nothing.
 */
[[nodiscard]] State state_of(const JournalContents& contents, const HostTime& now);

/**
 * The database's state with what only these attempts of this host's journal say: those that the
 * database refused. Of one run the later attempt counts, of one attempt its end. What the database
 * has, or somebody else has recorded since, stays. By the database's clock.
 */
[[nodiscard]] State merge(State state, const std::vector<PendingAttempt>& attempts,
                          const HostTime& now);

}  // namespace spider_check
