#include "journal/value_json.hpp"

#include <algorithm>

namespace spider_check::journal {

namespace {

Json termination_json(const Termination& end) {
  if (const auto* exited = std::get_if<Exited>(&end)) return {{"exit", exited->code}};
  if (const auto* signaled = std::get_if<Signaled>(&end)) {
    return {{"signal", signaled->signal}, {"core", signaled->core_dumped}};
  }
  if (const auto* unknown = std::get_if<Unknown>(&end)) return {{"unknown", unknown->why}};
  return {{"not_started", std::get<NotStarted>(end).why}};
}

Termination termination_of(const Json& json) {
  if (json.contains("exit")) return Exited{json.at("exit")};
  if (json.contains("signal")) return Signaled{json.at("signal"), json.at("core")};
  if (json.contains("unknown")) return Unknown{json.at("unknown")};
  return NotStarted{json.at("not_started")};
}

Json crawl_json(const CrawlReport& crawl) {
  auto faults = Json::array();
  for (const auto& fault : crawl.faults) {
    faults.push_back({fault.place, fault.text, fault.count});
  }
  return {{"source", static_cast<int>(crawl.source)},
          {"ended", crawl.ended},
          {"finish_reason", crawl.finish_reason},
          {"items", crawl.progress.items},
          {"pages", crawl.progress.pages},
          {"errors", crawl.progress.errors},
          {"fields", crawl.fields},
          {"faults", std::move(faults)},
          {"stats", crawl.stats}};
}

CrawlSource source_of(int number) {
  switch (number) {
    case static_cast<int>(CrawlSource::probe):
      return CrawlSource::probe;
    case static_cast<int>(CrawlSource::log):
      return CrawlSource::log;
    default:
      return CrawlSource::nobody;
  }
}

/** Microseconds, at most some thousand years of them: sums of a few then have room. */
Duration duration_in(const Json& json) {
  constexpr std::int64_t most = 100'000'000'000'000'000;
  return Duration(std::clamp(json.get<std::int64_t>(), -most, most));
}

/** What the verdict was made from and is not recorded is not kept either. */
CrawlReport crawl_of(const Json& json) {
  CrawlReport crawl;
  crawl.source = source_of(json.at("source"));
  crawl.ended = json.at("ended");
  crawl.finish_reason = json.at("finish_reason");
  crawl.progress = {json.at("items"), json.at("pages"), json.at("errors")};
  crawl.fields = json.at("fields").get<std::map<std::string, std::int64_t>>();
  for (const auto& fault : json.at("faults")) {
    crawl.faults.push_back({fault.at(0), fault.at(1), fault.at(2)});
  }
  crawl.stats = json.at("stats");
  return crawl;
}

DelayCause cause_of(const Json& json) {
  return parse_delay_cause(json.get<std::string>()).value_or(DelayCause::unknown);
}

}  // namespace

std::string text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const HostTime& time) {
  return {time.boot_id, time.since_boot.count(), time.asleep.count(),
          time.wall.time_since_epoch().count()};
}

HostTime time_of(const Json& json) {
  return {json.at(0), duration_in(json.at(1)), duration_in(json.at(2)),
          TimePoint(duration_in(json.at(3)))};
}

Json to_json(const std::optional<Duration>& duration) {
  return duration ? Json(duration->count()) : Json(nullptr);
}

std::optional<Duration> duration_of(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return duration_in(json);
}

Json to_json(const std::vector<Delay>& delays) {
  auto list = Json::array();
  for (const auto& each : delays) {
    list.push_back({to_text(each.cause), each.from.count(), each.to.count(), each.detail});
  }
  return list;
}

std::vector<Delay> delays_of(const Json& json) {
  std::vector<Delay> delays;
  for (const auto& each : json) {
    delays.push_back(
        {cause_of(each.at(0)), duration_in(each.at(1)), duration_in(each.at(2)), each.at(3)});
  }
  return delays;
}

Json to_json(const std::vector<NotedDelay>& delays) {
  auto list = Json::array();
  for (const auto& each : delays) {
    list.push_back({to_text(each.cause), to_json(each.since), each.detail});
  }
  return list;
}

std::vector<NotedDelay> noted_delays_of(const Json& json) {
  std::vector<NotedDelay> delays;
  for (const auto& each : json) {
    delays.push_back({cause_of(each.at(0)), time_of(each.at(1)), each.at(2)});
  }
  return delays;
}

Json to_json(const std::vector<Survivor>& survivors) {
  auto list = Json::array();
  for (const auto& each : survivors) {
    list.push_back({each.spider, each.boot_id, each.pid_namespace, each.pid, each.start});
  }
  return list;
}

std::vector<Survivor> survivors_of(const Json& json) {
  std::vector<Survivor> survivors;
  for (const auto& each : json) {
    survivors.push_back({each.at(0), each.at(1), each.at(2), each.at(3), each.at(4)});
  }
  return survivors;
}

Json to_json(const Owner& owner) {
  return {{"host", owner.host}, {"boot", owner.boot_id},        {"namespace", owner.pid_namespace},
          {"pid", owner.pid},   {"start", owner.process_start}, {"machine", owner.machine}};
}

Owner owner_of(const Json& json) {
  return {json.at("host"), json.at("boot"),  json.at("namespace"),
          json.at("pid"),  json.at("start"), json.at("machine")};
}

Json to_json(const SpiderOutcome& outcome) {
  const auto& child = outcome.child;
  return {{"spider", outcome.spider},
          {"rows", outcome.rows ? Json(*outcome.rows) : Json(nullptr)},
          {"end", termination_json(child.termination)},
          {"took", child.took.count()},
          {"cpu", child.cpu_time.count()},
          {"memory", child.peak_memory},
          {"verdict", to_text(outcome.judgement.verdict)},
          {"reasons", outcome.judgement.reasons},
          {"log", outcome.log.string()},
          {"crawl", outcome.crawl ? crawl_json(*outcome.crawl) : Json(nullptr)}};
}

SpiderOutcome outcome_of(const Json& json) {
  SpiderOutcome outcome;
  outcome.spider = json.at("spider");
  auto& child = outcome.child;
  child.termination = termination_of(json.at("end"));
  child.took = duration_in(json.at("took"));
  child.cpu_time = duration_in(json.at("cpu"));
  child.peak_memory = json.at("memory");
  const auto verdict = json.at("verdict").get<std::string>();
  outcome.judgement = {parse_verdict(verdict).value_or(Verdict::failed),
                       json.at("reasons").get<std::vector<std::string>>()};
  outcome.log = std::string(json.at("log"));
  if (!json.at("crawl").is_null()) outcome.crawl = crawl_of(json.at("crawl"));
  // What an earlier version wrote has none.
  if (const auto rows = json.value("rows", Json()); !rows.is_null())
    outcome.rows = rows.get<std::int64_t>();
  return outcome;
}

}  // namespace spider_check::journal
