#include "notify/facts.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include <nlohmann/json.hpp>

namespace spider_check::notify {

namespace {

using Json = nlohmann::ordered_json;

/** PostgreSQL, which keeps the facts, keeps no NUL in any text. */
std::string clean(std::string text) {
  std::replace(text.begin(), text.end(), '\0', '?');
  return text;
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(clean(text));
}

/** "2026-11-23T20:20:01Z" */
std::string iso_utc(TimePoint time) {
  const auto seconds = static_cast<std::time_t>(
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> buffer{};
  const auto length = std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {buffer.data(), length};
}

Json time_or_null(const std::optional<TimePoint>& time) {
  return time ? Json(iso_utc(*time)) : Json(nullptr);
}

Json run(const Situation& situation) {
  if (!situation.last) return nullptr;
  const auto& run = *situation.last;
  return {{"id", run.id},
          {"uuid", run.uuid},
          {"status", to_text(run.status)},
          {"attempt", run.attempt},
          {"started_at", iso_utc(run.started)},
          {"finished_at", time_or_null(run.finished)},
          {"failure", text_or_null(run.failure)}};
}

bool concerns(const Event& event, const std::string& spider) {
  return std::find(event.spiders.begin(), event.spiders.end(), spider) != event.spiders.end();
}

Json spiders(const Event& event, const Situation& situation) {
  auto list = Json::array();
  for (const auto& recorded : situation.outcomes) {
    const auto& outcome = recorded.outcome;
    if (!concerns(event, outcome.spider)) continue;
    auto reasons = Json::array();
    for (const auto& reason : outcome.judgement.reasons) reasons.push_back(clean(reason));
    list.push_back({{"spider", clean(outcome.spider)},
                    {"verdict", to_text(outcome.judgement.verdict)},
                    {"reasons", std::move(reasons)},
                    {"log_path", text_or_null(outcome.log.string())}});
  }
  return list;
}

}  // namespace

std::string facts(const Event& event, const Origin& origin, const Situation& situation,
                  const Policy& policy, const std::string& log) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(policy.interval).count();
  const Json json = {{"event", to_text(event.kind)},
                     {"id", event.key},
                     {"text", clean(sentence(event, origin.schedule, situation, policy))},
                     {"schedule", clean(origin.schedule)},
                     {"host", clean(origin.host)},
                     {"time", iso_utc(situation.now)},
                     {"interval_seconds", seconds},
                     {"last_success", time_or_null(situation.newest_success)},
                     {"failed_runs", failed_for_good(situation, policy)},
                     {"run", run(situation)},
                     {"spiders", spiders(event, situation)},
                     {"log", text_or_null(log)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace spider_check::notify
