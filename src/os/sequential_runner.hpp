#pragma once

#include "core/ports.hpp"
#include "core/time.hpp"

namespace spider_check::os {

/**
 * Runs one child after the other, each with its output in its own log file.
 *
 * SIGTERM, SIGINT and SIGHUP to this program are passed on as one SIGTERM to the running child; it
 * has the grace to end, then its group is killed. A second signal kills at once.
 */
class SequentialRunner final : public SpiderRunner {
 public:
  explicit SequentialRunner(Duration grace = std::chrono::seconds(60)) : grace_(grace) {}

  [[nodiscard]] int run_all(const std::vector<SpiderJob>& jobs, RunObserver& observer) override;

 private:
  Duration grace_;
};

}  // namespace spider_check::os
