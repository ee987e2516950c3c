#include "core/status.hpp"

namespace spider_check {

std::optional<TimePoint> next_due(const StatusReport& report) {
  const auto& action = report.decision.action;
  if (const auto* recent = std::get_if<RecentRun>(&action)) return recent->due;
  if (const auto* waits = std::get_if<WaitsForRetry>(&action)) return waits->until;
  if (runs_spiders(report.decision)) return report.state.now;
  return std::nullopt;
}

}  // namespace spider_check
