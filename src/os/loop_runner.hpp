#pragma once

#include "core/ports.hpp"
#include "core/time.hpp"

namespace spider_check::os {

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

  [[nodiscard]] std::unique_ptr<SignalBlock> block_stop_signals() override;

  [[nodiscard]] RunCut run_all(const std::vector<SpiderJob>& jobs, RunObserver& observer) override;

 private:
  int concurrency_;
  Duration run_timeout_;
};

}  // namespace spider_check::os
