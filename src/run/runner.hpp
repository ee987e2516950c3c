#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "os/supervisor.hpp"
#include "schedule/spider.hpp"
#include "util/time.hpp"

namespace spider_check {

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

/**
 * Runs spiders side by side in one event loop: their ends, their timeouts, signals to this program,
 * and whatever the observer waits for. No threads, and no wake-up without a reason.
 *
 * SIGTERM, SIGINT and SIGHUP stop every spider as its limits say (see Supervisor); a second signal
 * kills at once. Time in which the host sleeps counts for nothing here.
 */
class LoopRunner final : public SpiderRunner {
 public:
  /** concurrency: how many at a time. run_timeout: for the whole run; 0: none. */
  explicit LoopRunner(int concurrency, Duration run_timeout = Duration{0})
      : concurrency_(concurrency), run_timeout_(run_timeout) {}

  [[nodiscard]] RunCut run_all(const std::vector<SpiderJob>& jobs, RunObserver& observer) override;

 private:
  int concurrency_;
  Duration run_timeout_;
};

}  // namespace spider_check
