#include <nlohmann/json.hpp>

#include "render/sentences.hpp"
#include "render/status.hpp"

namespace spider_check::render {

namespace {

using Json = nlohmann::ordered_json;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

Json optional_time(const std::optional<TimePoint>& time) {
  return time ? Json(iso_utc(*time)) : Json(nullptr);
}

Json optional_text(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json spider(const RecordedOutcome& recorded) {
  const auto& outcome = recorded.outcome;
  const auto* exited = std::get_if<Exited>(&outcome.child.termination);
  const auto* signaled = std::get_if<Signaled>(&outcome.child.termination);
  const auto crawl = [&](std::int64_t Progress::*number) {
    return outcome.crawl ? Json(outcome.crawl->progress.*number) : Json(nullptr);
  };
  return {{"spider", outcome.spider},
          {"attempt", recorded.attempt},
          {"verdict", to_text(outcome.judgement.verdict)},
          {"reasons", outcome.judgement.reasons},
          {"finished_at", iso_utc(recorded.finished)},
          {"seconds", seconds(outcome.child.took)},
          {"exit_code", exited != nullptr ? Json(exited->code) : Json(nullptr)},
          {"signal", signaled != nullptr ? Json(signaled->signal) : Json(nullptr)},
          {"items", crawl(&Progress::items)},
          {"pages", crawl(&Progress::pages)},
          {"errors", crawl(&Progress::errors)},
          {"cpu_seconds", seconds(outcome.child.cpu_time)},
          {"peak_memory_bytes", outcome.child.peak_memory},
          {"log_path", optional_text(outcome.log.string())}};
}

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
  for (const auto& recorded : report.outcomes) json["spiders"].push_back(spider(recorded));
  return json;
}

Json running(const State& state) {
  for (const auto* run : {&state.partial, &state.last}) {
    if (!*run || (*run)->status != RunStatus::running || !(*run)->lock_held) continue;
    return {{"id", (*run)->id},
            {"host", optional_text((*run)->owner.host)},
            {"pid", (*run)->owner.pid},
            {"since", iso_utc((*run)->started)},
            {"heartbeat_at", iso_utc((*run)->heartbeat)},
            {"partial", (*run)->partial}};
  }
  return nullptr;
}

}  // namespace

std::string status_json(const StatusReport& report, const Zone& zone) {
  const auto& state = report.state;
  const Json json = {
      {"schedule", report.schedule},
      {"now", iso_utc(state.now)},
      {"enabled", report.policy.enabled},
      {"interval_seconds", seconds(report.policy.interval)},
      {"last_success", optional_time(state.newest_success)},
      {"last_run", last_run(report)},
      {"running", running(state)},
      {"due", runs_spiders(report.decision)},
      {"next_due", optional_time(next_due(report))},
      {"reason", explain(report.decision, report.policy, state.now, zone)},
      {"future_runs", state.future_runs},
  };
  // What a log or a spider's name holds need not be UTF-8; JSON must be.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace spider_check::render
