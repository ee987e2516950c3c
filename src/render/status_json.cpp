#include "render/report_json.hpp"
#include "render/sentences.hpp"
#include "render/status.hpp"

namespace spider_check::render {

namespace {

Json last_run(const StatusReport& report) {
  if (!report.state.last) return nullptr;
  const auto& run = *report.state.last;
  Json json = {{"id", run.id},
               {"status", to_text(run.status)},
               {"started_at", iso_utc(run.started)},
               {"finished_at", optional_time(run.finished)},
               {"spider_count", run.spider_count},
               {"attempt", run.attempt},
               {"failure", optional_text(run.failure)},
               {"spiders", Json::array()}};
  for (const auto& recorded : report.outcomes) json["spiders"].push_back(json_of(recorded));
  return json;
}

Json running(const StatusReport& report) {
  const auto& state = report.state;
  const auto* waiting = std::get_if<OwnerMayReturn>(&report.decision.action);
  const auto lives = [&](const Run& run) {
    return run.lock_held || (waiting != nullptr && waiting->alive && waiting->run.id == run.id);
  };
  for (const auto* run : {&state.partial, &state.last}) {
    if (!*run || (*run)->status != RunStatus::running || !lives(**run)) continue;
    return {{"id", (*run)->id},
            {"host", optional_text((*run)->owner.host)},
            {"pid", (*run)->owner.pid},
            {"since", iso_utc((*run)->started)},
            {"heartbeat_at", iso_utc((*run)->heartbeat)},
            {"partial", (*run)->partial}};
  }
  return nullptr;
}

Json spiders(const StatusReport& report) {
  auto list = Json::array();
  for (const auto& spider : report.spiders) list.push_back(json_of(spider));
  return list;
}

}  // namespace

Json json_of(const StatusReport& report, const Zone& zone) {
  const auto& state = report.state;
  const bool fresh =
      state.newest_success && state.now - *state.newest_success < report.policy.interval;
  return {
      {"schedule", report.schedule},
      {"now", iso_utc(state.now)},
      {"enabled", report.policy.enabled},
      {"interval_seconds", seconds(report.policy.interval)},
      {"last_success", optional_time(state.newest_success)},
      {"fresh", fresh},
      {"failed_runs", report.failed_runs},
      {"last_run", last_run(report)},
      {"running", running(report)},
      {"due", runs_spiders(report.decision)},
      {"next_due", optional_time(next_due(report))},
      {"reason", explain(report.decision, report.policy, state.now, zone)},
      {"future_runs", state.future_runs},
      {"waiting_attempts", report.waiting},
      {"attempts_of_other_databases", report.of_others},
      {"unreadable_attempts", report.unreadable.size()},
      {"refused", optional_text(report.refused)},
      {"spiders", spiders(report)},
  };
}

std::string status_json(const StatusReport& report, const Zone& zone) {
  return dump(json_of(report, zone));
}

}  // namespace spider_check::render
