#include "config/spider_rules.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fnmatch.h>

#include "config/apply.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

template <typename T, typename U>
void assign(T& target, const std::optional<U>& value) {
  if (value) target = *value;
}

/** The later one of a name wins when they are set. */
void assign(Pairs& target, const Pairs& more) {
  target.insert(target.end(), more.begin(), more.end());
}

/** Where check_sql is asked. */
ConnectionOptions database_of(const Config& config, const SpiderRules& rules) {
  auto database = config.database;
  if (!rules.check_url) return database;
  const auto own = std::exchange(database.parameters, *rules.check_url);
  database.sources.clear();
  for (const auto& [parameter, value] : database.parameters) {
    const auto place = rules.places.find("check_url");
    if (place != rules.places.end()) database.sources[parameter] = source_of(place->second);
  }
  if (const auto mode = own.find("gssencmode"); mode != own.end()) {
    database.parameters.insert(*mode);
  }
  return database;
}

using Jobs = std::vector<SpiderJob>;

constexpr std::size_t max_names = 8;

class Adviser {
 public:
  explicit Adviser(const Config& config) : config_(config) {}

  void check_schedule() {
    const auto& policy = config_.policy;
    const bool said = config_.places.contains("retry_after");
    if (!said || policy.max_attempts == 1 || policy.retry_after < policy.interval) return;
    add(place_of(config_.places, "retry_after") + to_text(policy.retry_after) +
        " is not shorter than the interval (" + to_text(policy.interval) +
        "), so the next run is due before a retry; make it shorter");
  }

  void check_precheck() {
    const auto& interval = config_.policy.interval;
    if (config_.precheck.empty() || config_.precheck_max_age > interval) return;
    const auto* key = config_.places.contains("precheck_max_age") ? "precheck_max_age" : "precheck";
    add(place_of(config_.places, key) + "data that is due is older than precheck_max_age (" +
        to_text(config_.precheck_max_age) + "), since the interval is " + to_text(interval) +
        ", so the precheck never puts a run off; make precheck_max_age longer");
  }

  void check_settings() {
    if (!config_.scrapy) return;
    const auto& settings = config_.scrapy->settings;
    const auto is_jobdir = [](const auto& setting) { return setting.first == "JOBDIR"; };
    if (std::ranges::none_of(settings, is_jobdir)) return;
    add(place_of(config_.places, "scrapy.settings", "[scrapy] settings") +
        "JOBDIR is for one crawl that is paused and resumed: each run passes over what the one "
        "before has seen, and spiders must not share it; take it out");
  }

  void check_limits(const SpiderJob& job) {
    const auto rules = rules_of(config_, job.name);
    const auto& limits = job.limits;
    const auto run_timeout = config_.run_timeout;
    const auto limited = limits.timeout > Duration{0};
    if (rules.timeout && run_timeout > Duration{0} && limits.timeout > run_timeout) {
      add(place_of(rules.places, "timeout") + to_text(limits.timeout) +
          " is never reached, since run_timeout ends the whole run after " + to_text(run_timeout) +
          "; make it shorter, or run_timeout longer");
    }
    if (limited && rules.stall_timeout && limits.stall_timeout >= limits.timeout) {
      add(place_of(rules.places, "stall_timeout") + to_text(limits.stall_timeout) +
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
    const auto has = [&](auto fits) { return std::ranges::any_of(jobs, fits); };
    const bool counted = has([](const auto& job) { return job.row_check.has_value(); });
    const bool crawls = has([](const auto& job) { return job.crawl; });
    visit_spiders([&](const Option& option, auto...) {
      const auto* key = option.key;
      if (!rules.places.contains(key) || (!option.of_crawls && !option.of_rows)) return;
      if ((option.of_crawls && crawls) || (option.of_rows && counted)) return;
      add(place_of(rules.places, key) +
          (option.of_crawls
               ? "only a Scrapy spider is judged by it, and " + whom + " is none; take it out"
               : "no rows are counted without a check_sql; give one, or take this out"));
    });
  }

  [[nodiscard]] std::vector<std::string> take() { return std::move(advice_); }

 private:
  /** What is said for many spiders is odd once. */
  void add(std::string text) {
    if (std::ranges::find(advice_, text) == advice_.end()) {
      advice_.push_back(std::move(text));
    }
  }

  static std::string names_of(const Jobs& jobs) {
    return join(std::span(jobs).first(std::min(jobs.size(), max_names)), ", ", &SpiderJob::name) +
           (jobs.size() > max_names ? ", …" : "");
  }

  const Config& config_;
  std::vector<std::string> advice_;
};

}  // namespace

bool is_for(const SpiderOverride& table, const std::string& spider) {
  return table.pattern == spider || ::fnmatch(table.pattern.c_str(), spider.c_str(), 0) == 0;
}

SpiderRules rules_of(const Config& config, const std::string& spider) {
  auto rules = config.spiders;
  for (const auto& table : config.overrides) {
    if (table.pattern != spider && is_for(table, spider)) rules.override_with(table.rules);
  }
  for (const auto& table : config.overrides) {
    if (table.pattern == spider) rules.override_with(table.rules);
  }
  return rules;
}

std::vector<const SpiderRules*> all_rules(const Config& config) {
  std::vector<const SpiderRules*> all{&config.spiders};
  for (const auto& table : config.overrides) all.push_back(&table.rules);
  return all;
}

void apply_rules(const Config& config, SpiderJob& job) {
  const auto rules = rules_of(config, job.name);
  // Its output is all that is known of a program, and it need not have any.
  if (!job.crawl) job.limits.stall_timeout = Duration{0};
  visit_spiders([&](const Option&, [[maybe_unused]] auto rule, auto... target) {
    (assign(target(job), rule(rules)), ...);
  });
  if (rules.check_sql) job.row_check = RowCheck{*rules.check_sql, database_of(config, rules)};
  if (rules.working_directory) job.working_directory = *rules.working_directory;
  if (rules.arguments) {
    const auto at = job.command.begin() + static_cast<std::ptrdiff_t>(job.arguments_at);
    job.command.insert(at, rules.arguments->begin(), rules.arguments->end());
  }
  for (const auto& variable : rules.environment) {
    std::erase_if(job.environment, [&](const auto& one) { return one.first == variable.first; });
    job.environment.push_back(variable);
  }
}

void SpiderRules::override_with(const SpiderRules& other) {
  visit_spiders([&](const Option&, auto rule, auto...) { assign(rule(*this), rule(other)); });
  for (const auto& [key, place] : other.places) places[key] = place;
}

std::string place_of(const Places& places, const std::string& key,
                     const std::optional<std::string>& otherwise) {
  const auto found = places.find(key);
  return (found != places.end() ? found->second : otherwise.value_or(key)) + ": ";
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

}  // namespace spider_check
