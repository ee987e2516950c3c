#include "config/spider_rules.hpp"

#include <utility>

#include <fnmatch.h>

namespace spider_check::config {

using namespace std::chrono_literals;

namespace {

// A crawl reports every second in which something happens: ten minutes of nothing is a hang.
// Measured: without a limit a page that never comes takes nine minutes, with its retries.
constexpr Duration crawl_stall_timeout = 10min;

template <typename T, typename U>
void assign(T& target, const std::optional<U>& value) {
  if (value) target = *value;
}

void add_arguments(SpiderJob& job, const std::vector<std::string>& arguments) {
  const auto at = job.command.begin() + static_cast<std::ptrdiff_t>(job.arguments_at);
  job.command.insert(at, arguments.begin(), arguments.end());
}

void set_environment(SpiderJob& job, const std::pair<std::string, std::string>& variable) {
  std::erase_if(job.environment, [&](const auto& other) { return other.first == variable.first; });
  job.environment.push_back(variable);
}

/** Where check_sql is asked. */
ConnectionOptions database_of(const Config& config, const SpiderRules& rules) {
  auto database = config.database;
  if (!rules.check_url) return database;
  const auto own = std::exchange(database.parameters, *rules.check_url);
  if (const auto mode = own.find("gssencmode"); mode != own.end()) {
    database.parameters.insert(*mode);
  }
  return database;
}

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

void apply_rules(const Config& config, SpiderJob& job) {
  const auto rules = rules_of(config, job.name);
  auto& limits = job.limits;
  if (job.crawl) limits.stall_timeout = crawl_stall_timeout;
  assign(limits.timeout, rules.timeout);
  assign(limits.stall_timeout, rules.stall_timeout);
  assign(limits.grace, rules.grace);
  assign(job.nice, rules.nice);
  auto& criteria = job.criteria;
  assign(criteria.min_items, rules.min_items);
  if (rules.max_errors) criteria.max_errors = *rules.max_errors;
  assign(criteria.min_items_ratio, rules.min_items_ratio);
  assign(criteria.max_time_ratio, rules.max_time_ratio);
  assign(criteria.optional_fields, rules.optional_fields);
  assign(criteria.finish_reasons, rules.finish_reasons);
  assign(criteria.ignored_statuses, rules.ignore_status);
  if (rules.max_dead_pages) criteria.max_dead_pages = *rules.max_dead_pages;
  assign(criteria.ignored_errors, rules.ignore_errors);
  assign(criteria.min_rows, rules.min_rows);
  if (rules.check_sql) job.row_check = RowCheck{*rules.check_sql, database_of(config, rules)};
  assign(job.working_directory, rules.working_directory);
  if (rules.arguments) add_arguments(job, *rules.arguments);
  for (const auto& variable : rules.environment) set_environment(job, variable);
}

void SpiderRules::override_with(const SpiderRules& other) {
  const auto take = [](auto& target, const auto& value) {
    if (value) target = value;
  };
  take(timeout, other.timeout);
  take(stall_timeout, other.stall_timeout);
  take(grace, other.grace);
  take(nice, other.nice);
  take(min_items, other.min_items);
  take(max_errors, other.max_errors);
  take(min_items_ratio, other.min_items_ratio);
  take(max_time_ratio, other.max_time_ratio);
  take(optional_fields, other.optional_fields);
  take(finish_reasons, other.finish_reasons);
  take(ignore_status, other.ignore_status);
  take(max_dead_pages, other.max_dead_pages);
  take(ignore_errors, other.ignore_errors);
  take(check_sql, other.check_sql);
  take(check_url, other.check_url);
  take(min_rows, other.min_rows);
  take(working_directory, other.working_directory);
  take(arguments, other.arguments);
  // The later one of a name wins when they are set.
  environment.insert(environment.end(), other.environment.begin(), other.environment.end());
  for (const auto& [key, place] : other.places) places[key] = place;
}

}  // namespace spider_check::config
