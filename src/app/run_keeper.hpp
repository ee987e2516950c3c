#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "app/schedule.hpp"
#include "core/ports.hpp"

namespace spider_check::app {

/**
 * Keeps a run's record while its spiders run: judges and writes each outcome, beats the heart, and,
 * when the connection is lost, lets the spiders go on and gets the run back.
 */
class RunKeeper final : public RunObserver {
 public:
  /** All of them outlive the keeper. */
  RunKeeper(Schedule& schedule, const Claim& claim, SlotLock& lock, std::size_t spiders);

  void on_start(const SpiderJob& job) override;
  [[nodiscard]] bool on_finish(const SpiderJob& job, const ChildReport& report) override;
  [[nodiscard]] bool on_pulse() override;

  /**
   * Writes the end of the attempt, and every outcome that is still to be written. Waits for the
   * database as long as a restart takes. False when the run was lost or the database stayed away.
   */
  [[nodiscard]] bool finish(const RunEnd& end);

  /** The names of the spiders that failed in this attempt. */
  [[nodiscard]] const std::vector<std::string>& failed() const noexcept { return failed_; }

  /** Another process has the run now. */
  [[nodiscard]] bool lost() const noexcept { return lost_; }

 private:
  template <typename Write>
  bool write(Write&& write);
  bool flush();
  bool reconnect();

  Schedule& schedule_;
  const Claim& claim_;
  SlotLock& lock_;
  std::size_t spiders_;
  std::size_t started_ = 0;

  /** An outcome that is still to be written, and when its spider ended. */
  struct Unwritten {
    SpiderOutcome outcome;
    std::chrono::steady_clock::time_point ended;
  };

  std::deque<Unwritten> unwritten_;
  std::vector<std::string> failed_;
  bool connected_ = true;
  bool lost_ = false;
};

}  // namespace spider_check::app
