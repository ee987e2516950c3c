#include "outbox/outcome_json.hpp"

#include <algorithm>

namespace spider_check {

Duration duration_in(const Json& json) {
  constexpr std::int64_t most = 100'000'000'000'000'000;
  return Duration(std::clamp(json.get<std::int64_t>(), -most, most));
}

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

Json faults_json(const std::vector<Fault>& faults) {
  auto list = Json::array();
  for (const auto& fault : faults) {
    list.push_back({{"place", fault.place}, {"text", fault.text}, {"count", fault.count}});
  }
  return list;
}

void add_crawl(Json& json, const CrawlReport& crawl) {
  json["source"] = static_cast<int>(crawl.source);
  json["complete"] = crawl.ended;
  json["faults"] = faults_json(crawl.faults);
  if (crawl.source == CrawlSource::nobody) return;
  if (!crawl.finish_reason.empty()) json["finish_reason"] = crawl.finish_reason;
  json["items"] = crawl.progress.items;
  json["pages"] = crawl.progress.pages;
  json["errors"] = crawl.progress.errors;
  if (!crawl.stats.empty()) json["stats"] = Json::parse(crawl.stats, nullptr, false);
  if (!crawl.fields.empty()) json["field_counts"] = crawl.fields;
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

/** What the verdict was made from and is not recorded is not kept either. */
CrawlReport crawl_of(const Json& json) {
  CrawlReport crawl;
  crawl.source = source_of(json.at("source"));
  crawl.ended = json.at("complete");
  crawl.finish_reason = json.value("finish_reason", "");
  const auto count = [&](const char* key) { return json.value(key, std::int64_t{0}); };
  crawl.progress = {count("items"), count("pages"), count("errors")};
  if (json.contains("field_counts")) {
    crawl.fields = json.at("field_counts").get<std::map<std::string, std::int64_t>>();
  }
  for (const auto& fault : json.at("faults")) {
    crawl.faults.push_back({fault.at("place"), fault.at("text"), fault.at("count")});
  }
  if (json.contains("stats")) crawl.stats = dump(json.at("stats"));
  return crawl;
}

}  // namespace

Json to_json(const SpiderOutcome& outcome) {
  const auto& child = outcome.child;
  const auto* exited = std::get_if<Exited>(&child.termination);
  const auto* signaled = std::get_if<Signaled>(&child.termination);
  const bool failed = outcome.judgement.verdict == Verdict::failed;
  Json json = {{"spider", outcome.spider},
               {"status", to_text(failed ? RunStatus::failed : RunStatus::completed)},
               {"verdict", to_text(outcome.judgement.verdict)},
               {"reasons", outcome.judgement.reasons},
               {"end", termination_json(child.termination)},
               {"exit_code", exited != nullptr ? Json(exited->code) : Json(nullptr)},
               {"signal", signaled != nullptr ? Json(signaled->signal) : Json(nullptr)},
               {"log_path", outcome.log.string()},
               {"took", child.took.count()},
               {"cpu", child.cpu_time.count()},
               {"memory", child.peak_memory},
               {"rows", outcome.rows ? Json(*outcome.rows) : Json(nullptr)}};
  if (outcome.crawl) add_crawl(json, *outcome.crawl);
  return json;
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
  outcome.log = std::string(json.at("log_path"));
  if (json.contains("source")) outcome.crawl = crawl_of(json);
  // What an earlier version wrote has none.
  if (const auto rows = json.value("rows", Json()); !rows.is_null())
    outcome.rows = rows.get<std::int64_t>();
  return outcome;
}

}  // namespace spider_check
