// The words of each channel: facts, requests, URLs.
#include "notify/channels.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

using Json = nlohmann::json;

ScheduleSummary failed() {
  ScheduleSummary summary;
  summary.now = TimePoint(400'000h);
  summary.newest_success = summary.now - 9h;
  summary.failed_runs = 1;
  Run run;
  run.id = 7;
  run.uuid = "uuid-7";
  run.status = RunStatus::failed;
  run.started = summary.now - 1h;
  run.attempt = 3;
  run.failure = std::string("broken \xff bytes and a \0 NUL", 26);
  summary.last = run;
  for (const auto* spider : {"a", "b"}) {
    RecordedOutcome recorded;
    recorded.outcome.spider = spider;
    recorded.outcome.judgement = {Verdict::failed, {"exited with 1"}};
    recorded.outcome.log = std::string("/logs/") + spider;
    summary.outcomes.push_back(recorded);
  }
  return summary;
}

ChannelOptions options() {
  ChannelOptions options;
  options.program = {"/bin/tell", "me"};
  options.webhook = "https://hooks.example/s3cret";
  options.ping = "https://hc.example/s3cret";
  options.ca_file = "/ca.pem";
  options.timeout = 7s;
  return options;
}

const Channels channels(options(), "/libexec/send");

std::string facts(const std::string& log = "") {
  return spider_check::facts({EventKind::failing, "failing:uuid-7", {"a"}}, {"jobs", "laptop"},
                             failed(), {}, log);
}

std::string variable(const Delivery& delivery, const std::string& name) {
  for (const auto& [key, value] : delivery.environment) {
    if (key == name) return value;
  }
  return "(none)";
}

}  // namespace

TEST_CASE("the facts are one JSON object, whatever bytes they are made from") {
  const auto json = Json::parse(facts());
  CHECK(json["event"] == "failing");
  CHECK(json["id"] == "failing:uuid-7");
  CHECK(json["schedule"] == "jobs");
  CHECK(json["host"] == "laptop");
  CHECK(json["time"] == "2015-08-19T16:00:00Z");
  CHECK(json["last_success"] == "2015-08-19T07:00:00Z");
  CHECK(json["interval_seconds"] == 14400);
  CHECK(json["failed_runs"] == 1);
  CHECK(json["run"]["id"] == 7);
  CHECK(json["run"]["failure"] == "broken \xef\xbf\xbd bytes and a ? NUL");
  CHECK(json["spiders"] ==
        Json::parse(R"([{"spider":"a","verdict":"failed","reasons":["exited with 1"],
                         "log_path":"/logs/a"}])"));
  CHECK(json["log"].is_null());
}

TEST_CASE("a program gets the facts whole, and in variables") {
  const auto delivery = channels.delivery("program", EventKind::failing, facts());
  CHECK(delivery.command == std::vector<std::string>{"/bin/tell", "me"});
  CHECK(delivery.input == facts() + "\n");
  CHECK(delivery.limit == 7s);
  CHECK(variable(delivery, "SPIDER_CHECK_EVENT") == "failing");
  CHECK(variable(delivery, "SPIDER_CHECK_RUN_ID") == "7");
  CHECK(variable(delivery, "SPIDER_CHECK_RUN_UUID") == "uuid-7");
  CHECK(variable(delivery, "SPIDER_CHECK_SPIDERS") == "a");
  CHECK(variable(delivery, "SPIDER_CHECK_LAST_SUCCESS") == "2015-08-19T07:00:00Z");
}

TEST_CASE("the facts hold no more than a page shows, whatever a spider says") {
  auto summary = failed();
  auto one = summary.outcomes.at(0);
  summary.outcomes.clear();
  Event event{EventKind::ping_fail, "key", {}};
  for (int i = 0; i < 500; ++i) {
    one.outcome.spider = std::to_string(i) + std::string(1000, 'n');
    one.outcome.judgement.reasons = {"\x1b[2Jpostgresql://me:s3cret@db/x",
                                     std::string(1'000'000, 'r')};
    one.outcome.judgement.reasons.resize(1000, "more");
    event.spiders.push_back(one.outcome.spider);
    summary.outcomes.push_back(one);
  }
  summary.last->failure = std::string(1'000'000, '\x1b') + "http://me:s3cret@h";
  const auto log = std::string(std::size_t{1} << 20U, 'x') + "\nhttp://me:s3cret@h \x1b]0;t\x07\n";
  const auto text = spider_check::facts(event, {"jobs", "laptop"}, summary, {}, log);
  CHECK(text.size() < 800'000);
  CHECK(text.find("s3cret") == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\\u001b") == std::string::npos);
  const auto json = Json::parse(text);
  CHECK(json["spiders"].size() == 100);
  CHECK(json["spiders"][0]["reasons"].size() == 11);
  CHECK(json["spiders"][0]["reasons"][0] == "\\x1b[2Jpostgresql://me:***@db/x");
  CHECK(json["spiders"][0]["reasons"][10] == "and 990 more");
  CHECK(json["log"] == "…\nhttp://me:***@h \\x1b]0;t\\x07\n");
  for (const auto& variable : channels.delivery("program", event.kind, text).environment) {
    CAPTURE(variable.first);
    CHECK(variable.second.size() < 100'000);  // the kernel takes 128 KiB
  }
}

TEST_CASE("a webhook's URL is in the request only, not in the command line or the environment") {
  const auto delivery = channels.delivery("webhook", EventKind::failing, facts());
  CHECK(delivery.command == std::vector<std::string>{"/libexec/send"});
  CHECK(delivery.environment.empty());
  CHECK(delivery.limit > 7s);
  const auto request = Json::parse(delivery.input);
  CHECK(request["url"] == "https://hooks.example/s3cret");
  CHECK(request["content_type"] == "application/json");
  CHECK(request["ca_file"] == "/ca.pem");
  CHECK(request["timeout_ms"] == 7000);
  CHECK(Json::parse(request["body"].get<std::string>()) == Json::parse(facts()));
}

TEST_CASE("a check is told each end of a run by a path of its own") {
  const std::pair<EventKind, std::string> cases[] = {
      {EventKind::ping_success, "https://hc.example/s3cret?rid=uuid-7"},
      {EventKind::ping_fail, "https://hc.example/s3cret/fail?rid=uuid-7"},
      {EventKind::ping_log, "https://hc.example/s3cret/log?rid=uuid-7"},
      {EventKind::test, "https://hc.example/s3cret/log?rid=uuid-7"},
  };
  for (const auto& [kind, url] : cases) {
    const auto request = Json::parse(channels.delivery("ping", kind, facts("the end")).input);
    CHECK(request["url"] == url);
    CHECK(request["body"].get<std::string>().ends_with("\n\nthe end"));
  }
  const auto start = channels.start("uuid-8");
  REQUIRE(start.has_value());
  CHECK(Json::parse(start->input)["url"] == "https://hc.example/s3cret/start?rid=uuid-8");
  CHECK_FALSE(Channels({}, "/libexec/send").start("uuid-8").has_value());
}

TEST_CASE("the URL of a check may end with a slash or have a query") {
  CHECK(ping_url("https://hc/x", "/fail", "") == "https://hc/x/fail");
  CHECK(ping_url("https://hc/x/", "/fail", "r") == "https://hc/x/fail?rid=r");
  CHECK(ping_url("https://hc/x/", "", "r") == "https://hc/x/?rid=r");
  CHECK(ping_url("https://hc/key/slug?create=1", "/start", "r") ==
        "https://hc/key/slug/start?create=1&rid=r");
}

TEST_CASE("facts that are no JSON do no harm") {
  for (const auto* text : {"", "[1]", "null", "{\"run\":7}", "{\"spiders\":7}", "{"}) {
    CHECK(channels.delivery("program", EventKind::failing, text).command.size() == 2);
    CHECK_FALSE(channels.delivery("ping", EventKind::ping_fail, text).input.empty());
  }
}

}  // namespace spider_check::test
