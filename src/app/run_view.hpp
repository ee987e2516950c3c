#pragma once

#include <chrono>
#include <optional>

#include "core/ports.hpp"

namespace spider_check::app {

/** What a person sees of a run while it goes on. */
class RunView : public Interface {
 public:
  using Clock = std::chrono::steady_clock;

  /** The run's spiders are about to start. */
  virtual void begin(const Claim&) {}

  virtual void started(const SpiderJob& job) = 0;

  /** It was told to stop, and has not ended yet. */
  virtual void stopping(const SpiderJob& job, StopCause cause) = 0;

  /** How far a crawl has come. */
  virtual void progressed(const SpiderJob& job, const Progress& progress) = 0;

  virtual void finished(const SpiderJob& job, const SpiderOutcome& outcome) = 0;

  /** When it wants to hear of progress and to be refreshed; empty: never. */
  [[nodiscard]] virtual std::optional<Clock::time_point> next_refresh() const = 0;

  virtual void refresh() = 0;

  /** No spider runs any more; it leaves behind what is worth keeping. */
  virtual void close() = 0;
};

}  // namespace spider_check::app
