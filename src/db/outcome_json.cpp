#include "db/outcome_json.hpp"

#include <nlohmann/json.hpp>

namespace spider_check::db {

namespace {

using Json = nlohmann::json;

Json or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

/** PostgreSQL keeps no NUL in any text. */
std::string without_nul(std::string text) {
  for (auto& c : text) {
    if (c == '\0') c = '?';
  }
  return text;
}

/** The same for all that a crawl's statistics hold, and for their keys. */
Json without_nul(const Json& json) {
  if (json.is_string()) return without_nul(json.get<std::string>());
  if (!json.is_structured()) return json;
  auto clean = json.is_array() ? Json::array() : Json::object();
  for (const auto& [key, value] : json.items()) {
    if (json.is_array()) {
      clean.push_back(without_nul(value));
    } else {
      clean[without_nul(key)] = without_nul(value);
    }
  }
  return clean;
}

Json faults(const CrawlReport& crawl) {
  auto list = Json::array();
  for (const auto& fault : crawl.faults) {
    list.push_back({{"place", without_nul(fault.place)},
                    {"text", without_nul(fault.text)},
                    {"count", fault.count}});
  }
  return list;
}

void add_crawl(Json& json, const CrawlReport& crawl) {
  json["faults"] = faults(crawl);
  if (crawl.source == CrawlSource::nobody) return;
  json["finish_reason"] = or_null(without_nul(crawl.finish_reason));
  json["items"] = crawl.progress.items;
  json["pages"] = crawl.progress.pages;
  json["errors"] = crawl.progress.errors;
  if (!crawl.stats.empty()) json["stats"] = without_nul(Json::parse(crawl.stats, nullptr, false));
  if (!crawl.fields.empty()) json["field_counts"] = without_nul(Json(crawl.fields));
}

Json outcome_object(const SpiderOutcome& outcome) {
  const auto& child = outcome.child;
  const auto* exited = std::get_if<Exited>(&child.termination);
  const auto* signaled = std::get_if<Signaled>(&child.termination);
  const bool failed = outcome.judgement.verdict == Verdict::failed;
  Json json = {{"spider", outcome.spider},
               {"ended", outcome.ago.count()},
               {"started", (outcome.ago + child.took).count()},
               {"status", to_text(failed ? RunStatus::failed : RunStatus::completed)},
               {"verdict", to_text(outcome.judgement.verdict)},
               {"reasons", Json::array()},
               {"exit_code", exited != nullptr ? Json(exited->code) : Json(nullptr)},
               {"signal", signaled != nullptr ? Json(signaled->signal) : Json(nullptr)},
               {"log_path", outcome.log.string()},
               {"cpu", child.cpu_time.count()},
               {"memory", child.peak_memory}};
  for (const auto& reason : outcome.judgement.reasons) {
    json["reasons"].push_back(without_nul(reason));
  }
  if (outcome.crawl) add_crawl(json, *outcome.crawl);
  if (outcome.rows) json["rows"] = *outcome.rows;
  return json;
}

}  // namespace

std::string to_json(const std::vector<SpiderOutcome>& outcomes) {
  auto list = Json::array();
  for (const auto& outcome : outcomes) list.push_back(outcome_object(outcome));
  // What a log or a path holds need not be UTF-8; JSON must be.
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::map<std::string, std::int64_t> parse_field_counts(const std::string& json) {
  std::map<std::string, std::int64_t> counts;
  const auto parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object()) return counts;
  for (const auto& [name, count] : parsed.items()) {
    if (count.is_number_integer()) counts[name] = count.get<std::int64_t>();
  }
  return counts;
}

}  // namespace spider_check::db
