#include "notify/facts.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include <nlohmann/json.hpp>

#include "core/shown_text.hpp"

namespace spider_check::notify {

namespace {

using OrderedJson = nlohmann::ordered_json;

// More of one message no receiver shows, and a program's environment has limits, too.
constexpr std::size_t max_text = 4000;    // bytes
constexpr std::size_t max_reason = 1000;  // bytes
constexpr std::size_t max_name = 300;     // bytes
constexpr std::size_t max_reasons = 10;   // of a spider, as on the page
constexpr std::size_t max_spiders = 100;

/** Without NULs, too: PostgreSQL, which keeps the facts, keeps none. */
OrderedJson text_or_null(const std::string& text, std::size_t most = max_text) {
  return text.empty() ? OrderedJson(nullptr) : OrderedJson(shown_line(text, most));
}

OrderedJson log_or_null(const std::string& log) {
  return log.empty() ? OrderedJson(nullptr) : OrderedJson(shown_end(log));
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

OrderedJson time_or_null(const std::optional<TimePoint>& time) {
  return time ? OrderedJson(iso_utc(*time)) : OrderedJson(nullptr);
}

OrderedJson run(const ScheduleSummary& summary) {
  if (!summary.last) return nullptr;
  const auto& run = *summary.last;
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

OrderedJson reasons(const Judgement& judgement) {
  auto list = OrderedJson::array();
  const auto& all = judgement.reasons;
  for (std::size_t i = 0; i < std::min(max_reasons, all.size()); ++i) {
    list.push_back(shown_line(all[i], max_reason));
  }
  if (all.size() > max_reasons) {
    list.push_back("and " + std::to_string(all.size() - max_reasons) + " more");
  }
  return list;
}

OrderedJson spiders(const Event& event, const ScheduleSummary& summary) {
  auto list = OrderedJson::array();
  for (const auto& recorded : summary.outcomes) {
    const auto& outcome = recorded.outcome;
    if (list.size() == max_spiders) break;
    if (!concerns(event, outcome.spider)) continue;
    list.push_back({{"spider", shown_line(outcome.spider, max_name)},
                    {"verdict", to_text(outcome.judgement.verdict)},
                    {"reasons", reasons(outcome.judgement)},
                    {"log_path", text_or_null(outcome.log.string())}});
  }
  return list;
}

}  // namespace

std::string facts(const Event& event, const Origin& origin, const ScheduleSummary& summary,
                  const Policy& policy, const std::string& log) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(policy.interval).count();
  const OrderedJson json = {
      {"event", to_text(event.kind)},
      {"id", event.key},
      {"text", shown_line(sentence(event, origin.schedule, summary, policy), max_text)},
      {"schedule", shown_line(origin.schedule, max_name)},
      {"host", shown_line(origin.host, max_name)},
      {"time", iso_utc(summary.now)},
      {"interval_seconds", seconds},
      {"last_success", time_or_null(summary.newest_success)},
      {"failed_runs", failed_for_good(summary, policy)},
      {"run", run(summary)},
      {"spiders", spiders(event, summary)},
      {"log", log_or_null(log)}};
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace spider_check::notify
