#include "config/advice.hpp"

#include <algorithm>

#include "config/spider_rules.hpp"
#include "core/duration.hpp"

namespace spider_check::config {

namespace {

using Jobs = std::vector<SpiderJob>;

constexpr std::size_t max_names = 8;

// Nobody but a crawl tells how many items it has, and how it ended.
constexpr const char* crawl_keys[] = {"min_items",      "max_errors",      "min_items_ratio",
                                      "max_time_ratio", "optional_fields", "finish_reasons",
                                      "ignore_status",  "max_dead_pages",  "ignore_errors"};

class Adviser {
 public:
  explicit Adviser(const Config& config) : config_(config) {}

  void check_schedule() {
    const auto& policy = config_.policy;
    const bool said = config_.places.contains("retry_after");
    if (!said || policy.max_attempts == 1 || policy.retry_after < policy.interval) return;
    add(place_of(config_.places, "retry_after", "retry_after") + to_text(policy.retry_after) +
        " is not shorter than the interval (" + to_text(policy.interval) +
        "), so the next run is due before a retry; make it shorter");
  }

  void check_precheck() {
    const auto& interval = config_.policy.interval;
    if (config_.precheck.empty() || config_.precheck_max_age > interval) return;
    const auto* key = config_.places.contains("precheck_max_age") ? "precheck_max_age" : "precheck";
    add(place_of(config_.places, key, key) + "data that is due is older than precheck_max_age (" +
        to_text(config_.precheck_max_age) + "), since the interval is " + to_text(interval) +
        ", so the precheck never puts a run off; make precheck_max_age longer");
  }

  void check_settings() {
    if (!config_.scrapy) return;
    const auto& settings = config_.scrapy->settings;
    const auto is_jobdir = [](const auto& setting) { return setting.first == "JOBDIR"; };
    if (std::none_of(settings.begin(), settings.end(), is_jobdir)) return;
    add(place_of(config_.scrapy->places, "settings", "[scrapy] settings") +
        "JOBDIR is for one crawl that is paused and resumed: each run passes over what the one "
        "before has seen, and spiders must not share it; take it out");
  }

  void check_limits(const SpiderJob& job) {
    const auto rules = rules_of(config_, job.name);
    const auto& limits = job.limits;
    const auto run_timeout = config_.run_timeout;
    const auto limited = limits.timeout > Duration{0};
    if (rules.timeout && run_timeout > Duration{0} && limits.timeout > run_timeout) {
      add(place_of(rules.places, "timeout", "timeout") + to_text(limits.timeout) +
          " is never reached, since run_timeout ends the whole run after " + to_text(run_timeout) +
          "; make it shorter, or run_timeout longer");
    }
    if (limited && rules.stall_timeout && limits.stall_timeout >= limits.timeout) {
      add(place_of(rules.places, "stall_timeout", "stall_timeout") + to_text(limits.stall_timeout) +
          " is never reached, since timeout ends the spider after " + to_text(limits.timeout) +
          "; make it shorter");
    }
    if (limited && limits.timeout < limits.grace) {
      add(place_of(rules.places, rules.grace ? "grace" : "timeout", "timeout") +
          "a spider may take longer to " + "stop (grace " + to_text(limits.grace) +
          ") than to work (timeout " + to_text(limits.timeout) + "); make grace the shorter one");
    }
  }

  void check_override(const SpiderOverride& table, const Jobs& jobs, bool all_known) {
    Jobs meant;
    std::copy_if(jobs.begin(), jobs.end(), std::back_inserter(meant),
                 [&](const auto& job) { return is_for(table, job.name); });
    if (!meant.empty()) {
      check_criteria(table.rules, meant, "\"" + table.pattern + "\"");
    } else if (all_known) {
      add(table.place + ": no spider has this name or fits it; there are: " + names_of(jobs));
    }
  }

  void check_criteria(const SpiderRules& rules, const Jobs& jobs, const std::string& whom) {
    const bool counted = std::any_of(jobs.begin(), jobs.end(),
                                     [](const auto& job) { return job.row_check.has_value(); });
    if (!counted) check_rows(rules);
    if (std::any_of(jobs.begin(), jobs.end(), [](const auto& job) { return job.crawl; })) return;
    for (const auto* key : crawl_keys) {
      const bool is_for_rows = std::string_view(key) == "min_items_ratio";
      if (!rules.places.contains(key) || (counted && is_for_rows)) continue;
      add(place_of(rules.places, key, key) + "only a Scrapy spider is judged by it, and " + whom +
          " is none; take it out");
    }
  }

  void check_rows(const SpiderRules& rules) {
    for (const auto* key : {"check_url", "min_rows"}) {
      if (!rules.places.contains(key)) continue;
      add(place_of(rules.places, key, key) +
          "no rows are counted without a check_sql; give one, or take this out");
    }
  }

  [[nodiscard]] std::vector<std::string> take() { return std::move(advice_); }

 private:
  /** What is said for many spiders is odd once. */
  void add(std::string text) {
    if (std::find(advice_.begin(), advice_.end(), text) == advice_.end()) {
      advice_.push_back(std::move(text));
    }
  }

  static std::string names_of(const Jobs& jobs) {
    std::string names;
    for (std::size_t i = 0; i < jobs.size() && i < max_names; ++i) {
      names += (i == 0 ? "" : ", ") + jobs[i].name;
    }
    return names + (jobs.size() > max_names ? ", …" : "");
  }

  const Config& config_;
  std::vector<std::string> advice_;
};

}  // namespace

std::string place_of(const Places& places, const std::string& key, const std::string& otherwise) {
  const auto found = places.find(key);
  return (found == places.end() ? otherwise : found->second) + ": ";
}

std::vector<std::string> advise(const Config& config, const std::vector<SpiderJob>& jobs,
                                bool all_known) {
  Adviser adviser(config);
  adviser.check_schedule();
  adviser.check_precheck();
  adviser.check_settings();
  if (all_known && !jobs.empty()) adviser.check_criteria(config.spiders, jobs, "there");
  for (const auto& job : jobs) adviser.check_limits(job);
  for (const auto& table : config.overrides) adviser.check_override(table, jobs, all_known);
  return adviser.take();
}

}  // namespace spider_check::config
