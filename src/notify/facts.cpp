#include "notify/facts.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include <nlohmann/json.hpp>

#include "core/shown_text.hpp"

namespace spider_check::notify {

namespace {

using Json = nlohmann::ordered_json;

// More of one message no receiver shows, and a program's environment has limits, too.
constexpr std::size_t longest_text = 4000;    // bytes
constexpr std::size_t longest_reason = 1000;  // bytes
constexpr std::size_t longest_name = 300;     // bytes
constexpr std::size_t most_reasons = 10;      // of a spider, as on the page
constexpr std::size_t most_spiders = 100;

/** Without NULs, too: PostgreSQL, which keeps the facts, keeps none. */
Json text_or_null(const std::string& text, std::size_t most = longest_text) {
  return text.empty() ? Json(nullptr) : Json(shown_line(text, most));
}

Json log_or_null(const std::string& log) {
  return log.empty() ? Json(nullptr) : Json(shown_end(log));
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

Json reasons(const Judgement& judgement) {
  auto list = Json::array();
  const auto& all = judgement.reasons;
  for (std::size_t i = 0; i < std::min(most_reasons, all.size()); ++i) {
    list.push_back(shown_line(all[i], longest_reason));
  }
  if (all.size() > most_reasons) {
    list.push_back("and " + std::to_string(all.size() - most_reasons) + " more");
  }
  return list;
}

Json spiders(const Event& event, const Situation& situation) {
  auto list = Json::array();
  for (const auto& recorded : situation.outcomes) {
    const auto& outcome = recorded.outcome;
    if (list.size() == most_spiders) break;
    if (!concerns(event, outcome.spider)) continue;
    list.push_back({{"spider", shown_line(outcome.spider, longest_name)},
                    {"verdict", to_text(outcome.judgement.verdict)},
                    {"reasons", reasons(outcome.judgement)},
                    {"log_path", text_or_null(outcome.log.string())}});
  }
  return list;
}

}  // namespace

std::string facts(const Event& event, const Origin& origin, const Situation& situation,
                  const Policy& policy, const std::string& log) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(policy.interval).count();
  const Json json = {
      {"event", to_text(event.kind)},
      {"id", event.key},
      {"text", shown_line(sentence(event, origin.schedule, situation, policy), longest_text)},
      {"schedule", shown_line(origin.schedule, longest_name)},
      {"host", shown_line(origin.host, longest_name)},
      {"time", iso_utc(situation.now)},
      {"interval_seconds", seconds},
      {"last_success", time_or_null(situation.newest_success)},
      {"failed_runs", failed_for_good(situation, policy)},
      {"run", run(situation)},
      {"spiders", spiders(event, situation)},
      {"log", log_or_null(log)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace spider_check::notify
