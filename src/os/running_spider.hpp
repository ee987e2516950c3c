#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "core/ports.hpp"
#include "os/supervisor.hpp"

namespace spider_check::os {

/** One spider of a run, from its start to its end, with its deadlines. */
class RunningSpider {
 public:
  using Clock = std::chrono::steady_clock;

  /** Starts it. Throws std::system_error when its log cannot be opened or no process be made. */
  RunningSpider(const SpiderJob& job, RunObserver& observer);

  [[nodiscard]] const SpiderJob& job() const noexcept { return job_; }

  /** Readable when attend() is to be called; -1: nothing is. */
  [[nodiscard]] int fd() const noexcept { return supervisor_->fd(); }

  /** Goes on as far as it can without waiting. True once it is over: then there is reap(). */
  [[nodiscard]] bool attend(bool readable) { return supervisor_->attend(readable); }

  /** When attend() and check() are to be called at the latest; empty: never. */
  [[nodiscard]] std::optional<Clock::time_point> next_check() const;

  /** Stops it when it is over its timeout or has made no progress for too long. */
  void check(Clock::time_point now);

  /** Tells it to stop, once. */
  void stop(StopCause cause);

  void kill() { supervisor_->kill(); }

  [[nodiscard]] ChildReport reap();

 private:
  void look_for_progress(Clock::time_point now);

  /** The cause, or that its process stayed where its crawl is over. */
  void stop_late(StopCause cause);

  const SpiderJob& job_;
  RunObserver& observer_;
  Clock::time_point started_;
  std::unique_ptr<Supervisor> supervisor_;
  StopCause stopped_ = StopCause::none;
  Clock::time_point last_progress_;
  Clock::time_point last_look_;
  std::uint64_t mark_ = 0;
};

}  // namespace spider_check::os
