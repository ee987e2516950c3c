#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "outbox/outbox.hpp"
#include "run/claim.hpp"
#include "schedule/instance.hpp"
#include "schedule/spider.hpp"
#include "util/errors.hpp"

namespace spider_check {

/**
 * How long after its last sign of life this program's spiders may live if it dies then: its next
 * sign would have come, and the supervisors stop what runs.
 */
[[nodiscard]] Duration spiders_outlive(const std::vector<SpiderJob>& jobs);

/** Where the end of an attempt was written. */
enum class Written {
  database,
  journal,  ///< the next tick on this host replays it into the database
  nowhere,
};

/**
 * Writes what becomes of a run while its spiders go on: each start and outcome into the journal,
 * each outcome once into the database, and the heartbeat. It never waits for an answer; while there
 * is no database it keeps what is unwritten and gets the run back, or has it recorded for the first
 * time, as soon as that can be.
 */
class RunWriter {
 public:
  using Clock = std::chrono::steady_clock;

  /** All of them outlive the writer. in_database: it is recorded there, and the lock is held. */
  RunWriter(Instance& instance, Outbox& outbox, SlotLock& lock, bool in_database);

  /** Asks for a database that was there a moment ago, without waiting any longer. */
  void try_now();

  /** The database has refused the claim; the lock is held. It is asked again now and then. */
  void claim_refused();

  /** How many spiders the whole run has, and how long those that start may live without us. */
  void count(int spiders, Duration spiders_outlive);

  /** A spider is about to start. */
  void starting(const SpiderJob& job);

  /** An outcome of now, to be written as soon as that can be. */
  void add(SpiderOutcome outcome);

  /** What it waits for. */
  [[nodiscard]] PollRequest poll_request() const;

  /** Goes on as far as it can without waiting for an answer. */
  void attend();

  /**
   * Writes all that is unwritten and the end of the attempt; waits for a database that went away
   * meanwhile, at most `patience`, and not at all for one that was never there. The journal still
   * has all of it then.
   */
  [[nodiscard]] Written finish(const RunEnd& end, Duration patience);

  /** Another process has the run now. */
  [[nodiscard]] bool lost() const noexcept { return lost_; }

  /** The database can be asked. */
  [[nodiscard]] bool connected() const noexcept { return connected_; }

  /**
   * A statement of another part of the run failed so. A lost connection is made again at once:
   * spiders may be about to start, and another host may have the run by now.
   */
  void failed(const DbError& error);

 private:
  [[nodiscard]] bool has_unwritten() const noexcept;
  [[nodiscard]] Clock::time_point next_step() const;
  [[nodiscard]] bool is_due(Clock::time_point now) const;
  [[nodiscard]] std::size_t due_outcomes();
  void send();
  void sent(const RecordedRun& run);
  void on_new_row(RunId id);
  bool step();
  void wait_written();
  void on_lost(const LostRun& error);
  void on_error(const DbError& error);
  void refuse(const DbError& error);
  bool reconnect();
  bool drain();
  bool drain_until(Clock::time_point deadline);
  [[nodiscard]] Written left_in_journal() const;
  void require_same_database();
  void look_for_sleep();
  void sync_journal();

  Instance& instance_;
  Outbox& outbox_;
  AttemptRecord& record_;
  SlotLock& lock_;
  bool connected_;           ///< the database is there, and holds the lock
  bool recorded_;            ///< it has taken the attempt, or had, before it went away
  bool attempt_sent_;        ///< it has the attempt as it is now
  bool writing_ = false;     ///< a statement is under way
  std::size_t sending_ = 0;  ///< how many of the outcomes that wait are in that
  bool sending_end_ = false;
  bool end_sent_ = true;  ///< nothing of an end is unwritten
  int refusals_ = 0;      ///< since the end was to be written
  std::string said_;      ///< the cause of the last refusal
  bool lost_ = false;
  bool said_other_ = false;
  Duration asleep_{0};
  Clock::time_point next_beat_;
  Clock::time_point next_try_;  ///< of a connection, or of what was refused
  Clock::time_point tried_;     ///< when the last try to get the run back began
  Clock::time_point next_sync_;
  Duration pause_;
};

}  // namespace spider_check
