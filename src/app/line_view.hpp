#pragma once

#include <cstddef>

#include "app/log.hpp"
#include "app/run_view.hpp"

namespace spider_check::app {

/** One log line for each event, and nothing else: for files, for cron, for the journal. */
class LineView final : public RunView {
 public:
  /** `log` outlives the view. spiders: how many there are to run. */
  LineView(Log& log, std::size_t spiders) : log_(log), spiders_(spiders) {}

  void started(const SpiderJob& job) override;
  void stopping(const SpiderJob& job, StopCause cause) override;

  void progressed(const SpiderJob&, const Progress&) override {}

  void finished(const SpiderJob& job, const SpiderOutcome& outcome) override;

  [[nodiscard]] std::optional<Clock::time_point> next_refresh() const override {
    return std::nullopt;
  }

  void refresh() override {}

  void close() override {}

 private:
  Log& log_;
  std::size_t spiders_;
  std::size_t started_ = 0;
};

}  // namespace spider_check::app
