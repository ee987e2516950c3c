#include "app/status.hpp"

#include "core/status.hpp"
#include "render/status.hpp"

namespace spider_check::app {

namespace {

// What a line of a terminal has room for.
constexpr int recent_attempts = 20;

}  // namespace

StatusReport read_status(const Schedule& schedule) {
  StatusReport report;
  report.schedule = schedule.name;
  report.policy = schedule.policy;
  report.state = schedule.store.state();
  const auto fates = judge_owners(report.state, schedule.owners, schedule.takeover_after);
  report.decision = decide(report.state, schedule.policy, {}, fates);
  if (schedule.reports != nullptr) {
    report.spiders = schedule.reports->spiders(recent_attempts);
    report.failed_runs = schedule.reports->failed_runs();
  }
  return report;
}

std::string status(const Schedule& schedule, bool json) {
  auto report = read_status(schedule);
  const bool shows_outcomes = json || report.spiders.empty();
  if (shows_outcomes && report.state.last) {
    report.outcomes = schedule.store.outcomes(report.state.last->id);
  }
  return json ? render::status_json(report, schedule.zone)
              : render::status_text(report, schedule.zone);
}

}  // namespace spider_check::app
