#include "app/status.hpp"

#include "core/status.hpp"
#include "render/status.hpp"

namespace spider_check::app {

StatusReport read_status(const Schedule& schedule) {
  StatusReport report;
  report.schedule = schedule.name;
  report.policy = schedule.policy;
  report.state = schedule.store.state();
  const auto fates = judge_owners(report.state, schedule.owners, schedule.takeover_after);
  report.decision = decide(report.state, schedule.policy, {}, fates);
  if (report.state.last) report.outcomes = schedule.store.outcomes(report.state.last->id);
  for (const auto& recorded : report.outcomes) {
    SpiderSummary spider;
    spider.name = recorded.outcome.spider;
    spider.last_run = report.state.last->id;
    spider.last = recorded;
    spider.last_started = recorded.finished - recorded.outcome.child.took;
    if (recorded.outcome.judgement.verdict != Verdict::failed) {
      spider.last_success = spider.last_started;
    }
    report.spiders.push_back(std::move(spider));
  }
  const auto& last = report.state.last;
  report.failed_runs = last && last->status == RunStatus::failed ? 1 : 0;
  return report;
}

std::string status(const Schedule& schedule, bool json) {
  const auto report = read_status(schedule);
  return json ? render::status_json(report, schedule.zone)
              : render::status_text(report, schedule.zone);
}

}  // namespace spider_check::app
