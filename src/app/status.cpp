#include "app/status.hpp"

#include "core/status.hpp"
#include "render/status.hpp"

namespace spider_check::app {

std::string status(const Schedule& schedule, bool json) {
  StatusReport report;
  report.schedule = schedule.name;
  report.policy = schedule.policy;
  report.state = schedule.store.state();
  const auto fates = judge_owners(report.state, schedule.owners, schedule.takeover_after);
  report.decision = decide(report.state, schedule.policy, {}, fates);
  if (report.state.last) report.outcomes = schedule.store.outcomes(report.state.last->id);
  return json ? render::status_json(report, schedule.zone)
              : render::status_text(report, schedule.zone);
}

}  // namespace spider_check::app
