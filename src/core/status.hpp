#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/decision.hpp"
#include "core/ports.hpp"
#include "core/run.hpp"

namespace spider_check {

/** Everything that `status` shows, before it is put into words. */
struct StatusReport {
  std::string schedule;
  Policy policy;
  State state;
  Decision decision;                      ///< what a tick would do now
  std::vector<RecordedOutcome> outcomes;  ///< of the last whole run, by spider
};

/** When the next run, or the next attempt, is due; empty when nobody can say. */
[[nodiscard]] std::optional<TimePoint> next_due(const StatusReport& report);

}  // namespace spider_check
