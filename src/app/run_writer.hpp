#pragma once

#include <chrono>
#include <deque>

#include "app/schedule.hpp"
#include "core/errors.hpp"
#include "core/ports.hpp"

namespace spider_check::app {

/**
 * Writes what becomes of a run while its spiders go on: each outcome once, and the heartbeat. It
 * never waits for an answer; when the connection is lost it keeps what is unwritten and gets the
 * run back.
 */
class RunWriter {
 public:
  using Clock = std::chrono::steady_clock;

  /** All of them outlive the writer. */
  RunWriter(Schedule& schedule, const Claim& claim, SlotLock& lock);

  /** An outcome of now, to be written as soon as that can be. */
  void add(SpiderOutcome outcome);

  /** What it waits for. */
  [[nodiscard]] Interest interest() const;

  /** Goes on as far as it can without waiting for an answer. */
  void attend();

  /**
   * Writes all that is unwritten and the end of the attempt; waits for a database that is away, at
   * most `patience`. False when the run was lost or the database stayed away.
   */
  [[nodiscard]] bool finish(const RunEnd& end, Duration patience);

  /** Another process has the run now. */
  [[nodiscard]] bool lost() const noexcept { return lost_; }

 private:
  struct Unwritten {
    SpiderOutcome outcome;
    Clock::time_point ended;
    int refused = 0;  ///< how often the database took exception to it
  };

  void send();
  void sent();
  bool step();
  void on_error(const DbError& error);
  void on_lost(const LostRun& error);
  void refuse(const DbError& error);
  bool reconnect();
  bool drain();

  Schedule& schedule_;
  const Claim& claim_;
  SlotLock& lock_;
  std::deque<Unwritten> unwritten_;
  std::size_t under_way_ = 0;  ///< how many of the first are being written
  bool writing_ = false;
  bool connected_ = true;
  bool lost_ = false;
  Clock::time_point next_beat_;
  Clock::time_point next_try_;
  Duration pause_;
};

}  // namespace spider_check::app
