#include "notify/channels.hpp"

#include <algorithm>
#include <chrono>

#include "util/json.hpp"
#include "util/text.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

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

/** "2026-11-23T20:20:01Z": without the milliseconds. */
std::string whole_second(TimePoint time) {
  auto text = iso_utc(time);
  return text.erase(text.size() - 5, 4);
}

OrderedJson time_or_null(const std::optional<TimePoint>& time) {
  return time ? OrderedJson(whole_second(*time)) : OrderedJson(nullptr);
}

OrderedJson run(const ScheduleSummary& summary) {
  if (!summary.last) return nullptr;
  const auto& run = *summary.last;
  return {{"id", run.id},
          {"uuid", run.uuid},
          {"status", to_text(run.status)},
          {"attempt", run.attempt},
          {"started_at", whole_second(run.started)},
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
      {"time", whole_second(summary.now)},
      {"interval_seconds", seconds},
      {"last_success", time_or_null(summary.newest_success)},
      {"failed_runs", failed_for_good(summary, policy)},
      {"run", run(summary)},
      {"spiders", spiders(event, summary)},
      {"log", log_or_null(log)}};
  return dump(json);
}

namespace {

// The sender keeps to the limit itself and says so; it is killed when it does not.
constexpr auto margin = std::chrono::seconds(2);

std::string text_at(const Json& facts, const char* pointer) {
  const auto at = Json::json_pointer(pointer);
  if (!facts.is_object() || !facts.contains(at)) return {};
  const auto& value = facts[at];
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? std::string() : value.dump();
}

std::string names_of(const Json& facts) {
  if (!facts.is_object()) return {};
  return join(facts.value("spiders", Json::array()), ",",
              [](const Json& spider) { return text_at(spider, "/spider"); });
}

const char* said_by(EventKind event) {
  switch (event) {
    case EventKind::ping_success:
      return "";
    case EventKind::ping_fail:
      return "/fail";
    default:
      return "/log";
  }
}

/** What a check shows of a run: why it failed, and the end of the log. */
std::string body_of(const Json& facts) {
  auto body = text_at(facts, "/text") + "\n";
  if (const auto log = text_at(facts, "/log"); !log.empty()) body += "\n" + log;
  return body;
}

}  // namespace

std::string ping_url(const std::string& url, const std::string& what, const std::string& run_uuid) {
  const auto question = url.find('?');
  auto path = url.substr(0, question);
  while (!what.empty() && path.ends_with('/')) path.pop_back();
  auto query = question == std::string::npos ? "" : url.substr(question);
  if (!run_uuid.empty()) query += (query.empty() ? "?rid=" : "&rid=") + run_uuid;
  return path + what + query;
}

std::vector<std::string> Channels::of_events() const {
  std::vector<std::string> names;
  if (!options_.program.empty()) names.emplace_back("program");
  if (!options_.webhook.empty()) names.emplace_back("webhook");
  return names;
}

std::vector<std::string> Channels::of_runs() const {
  if (options_.ping.empty()) return {};
  return {"ping"};
}

std::vector<std::string> Channels::all() const {
  auto names = of_events();
  for (auto& name : of_runs()) names.push_back(std::move(name));
  return names;
}

Delivery Channels::delivery(const std::string& channel, EventKind event,
                            const std::string& facts) const {
  if (channel == "program") return run_program(facts);
  if (channel == "webhook") return post(options_.webhook, "application/json", facts);
  const auto json = Json::parse(facts, nullptr, false);
  const auto url = ping_url(options_.ping, said_by(event), text_at(json, "/run/uuid"));
  return post(url, "text/plain; charset=utf-8", body_of(json));
}

std::optional<Delivery> Channels::start(const std::string& run_uuid) const {
  if (options_.ping.empty()) return std::nullopt;
  return post(ping_url(options_.ping, "/start", run_uuid), "text/plain", "");
}

Delivery Channels::run_program(const std::string& facts) const {
  const auto json = Json::parse(facts, nullptr, false);
  Delivery delivery{options_.program, facts + "\n", {}, options_.timeout};
  delivery.environment = {
      {"SPIDER_CHECK_EVENT", text_at(json, "/event")},
      {"SPIDER_CHECK_EVENT_ID", text_at(json, "/id")},
      {"SPIDER_CHECK_TEXT", text_at(json, "/text")},
      {"SPIDER_CHECK_SCHEDULE", text_at(json, "/schedule")},
      {"SPIDER_CHECK_HOST", text_at(json, "/host")},
      {"SPIDER_CHECK_LAST_SUCCESS", text_at(json, "/last_success")},
      {"SPIDER_CHECK_RUN_ID", text_at(json, "/run/id")},
      {"SPIDER_CHECK_RUN_UUID", text_at(json, "/run/uuid")},
      {"SPIDER_CHECK_FAILURE", text_at(json, "/run/failure")},
      {"SPIDER_CHECK_SPIDERS", names_of(json)},
  };
  return delivery;
}

Delivery Channels::post(const std::string& url, const std::string& type,
                        const std::string& body) const {
  using Milliseconds = std::chrono::milliseconds;
  const Json request = {
      {"url", url},
      {"content_type", type},
      {"body", body},
      {"ca_file", options_.ca_file.string()},
      {"timeout_ms", std::chrono::duration_cast<Milliseconds>(options_.timeout).count()}};
  return {{sender_}, dump(request), {}, options_.timeout + margin};
}

}  // namespace spider_check
