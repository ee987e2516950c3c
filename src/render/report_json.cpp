#include "render/report_json.hpp"

#include "render/zone.hpp"

namespace spider_check::render {

namespace {

Json optional_number(const std::optional<std::int64_t>& number) {
  return number ? Json(*number) : Json(nullptr);
}

Json point_json(const SpiderPoint& point) {
  return {{"run", point.run},
          {"attempt", point.attempt},
          {"started_at", iso_utc(point.started)},
          {"seconds", seconds(point.took)},
          {"verdict", to_text(point.verdict)},
          {"items", optional_number(point.items)}};
}

}  // namespace

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

Json optional_seconds(const std::optional<Duration>& duration) {
  return duration ? Json(seconds(*duration)) : Json(nullptr);
}

Json optional_time(const std::optional<TimePoint>& time) {
  return time ? Json(iso_utc(*time)) : Json(nullptr);
}

Json optional_text(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json json_of(const RecordedOutcome& recorded) {
  const auto& outcome = recorded.outcome;
  const auto* exited = std::get_if<Exited>(&outcome.child.termination);
  const auto* signaled = std::get_if<Signaled>(&outcome.child.termination);
  const auto crawl = [&](std::int64_t Progress::*number) {
    return outcome.crawl ? Json(outcome.crawl->progress.*number) : Json(nullptr);
  };
  Json json = {{"spider", outcome.spider},
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
  if (outcome.rows) json["rows"] = *outcome.rows;
  return json;
}

Json json_of(const RunRecord& record) {
  const auto& run = record.run;
  Json json = {{"id", run.id},
               {"uuid", optional_text(run.uuid)},
               {"status", to_text(run.status)},
               {"trigger", record.trigger ? Json(to_text(*record.trigger)) : Json(nullptr)},
               {"partial", run.partial},
               {"started_at", iso_utc(run.started)},
               {"finished_at", optional_time(run.finished)},
               {"attempt", run.attempt},
               {"next_attempt_at", optional_time(run.next_attempt)},
               {"failure", optional_text(run.failure)},
               {"faults", record.faults},
               {"host", optional_text(run.owner.host)},
               {"pid", run.owner.pid == 0 ? Json(nullptr) : Json(run.owner.pid)},
               {"late_seconds", optional_seconds(record.late)},
               {"missed_intervals", record.missed_intervals},
               {"hindrances", Json::array()},
               {"spider_count", run.spider_count},
               {"ok", record.ok},
               {"degraded", record.degraded},
               {"failed", record.failed},
               {"items", optional_number(record.items)}};
  for (const auto& each : record.delays) {
    json["hindrances"].push_back({{"cause", to_text(each.cause)},
                                  {"from", iso_utc(run.started - each.from)},
                                  {"to", iso_utc(run.started - each.to)},
                                  {"detail", optional_text(each.detail)}});
  }
  return json;
}

Json json_of(const Gap& gap) {
  return {{"from", iso_utc(gap.from)},
          {"to", iso_utc(gap.to)},
          {"cause", to_text(gap.cause)},
          {"detail", optional_text(gap.detail)},
          {"open", gap.open}};
}

Json json_of(const SpiderSummary& spider) {
  Json json = {{"spider", spider.name},
               {"last_success", optional_time(spider.last_success)},
               {"last_run", spider.last_run},
               {"last_started_at", iso_utc(spider.last_started)},
               {"median_items", optional_number(spider.median_items)},
               {"last", json_of(spider.last)},
               {"recent", Json::array()}};
  if (spider.median_rows) json["median_rows"] = *spider.median_rows;
  for (const auto& point : spider.recent) json["recent"].push_back(point_json(point));
  return json;
}

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace spider_check::render
