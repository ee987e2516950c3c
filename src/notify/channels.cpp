#include "notify/channels.hpp"

#include <chrono>

#include <nlohmann/json.hpp>

#include "notify/facts.hpp"

namespace spider_check::notify {

namespace {

using Json = nlohmann::json;

// The sender keeps to the limit itself and says so; it is killed when it does not.
constexpr auto margin = std::chrono::seconds(2);

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_at(const Json& facts, const char* pointer) {
  const auto at = Json::json_pointer(pointer);
  if (!facts.is_object() || !facts.contains(at)) return {};
  const auto& value = facts[at];
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? std::string() : value.dump();
}

std::string names_of(const Json& facts) {
  std::string names;
  if (!facts.is_object()) return names;
  for (const auto& spider : facts.value("spiders", Json::array())) {
    names += (names.empty() ? "" : ",") + text_at(spider, "/spider");
  }
  return names;
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

std::string Channels::facts(const Event& event, const std::string& schedule,
                            const std::string& host, const ScheduleSummary& summary,
                            const Policy& policy, const std::string& log) const {
  return notify::facts(event, {schedule, host}, summary, policy, log);
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
      {"ca_file", options_.ca_file},
      {"timeout_ms", std::chrono::duration_cast<Milliseconds>(options_.timeout).count()}};
  return {{sender_}, dump(request), {}, options_.timeout + margin};
}

}  // namespace spider_check::notify
