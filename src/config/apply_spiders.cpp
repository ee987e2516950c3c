// [spiders] and [spiders."NAME OR GLOB"].

#include "config/apply.hpp"
#include "config/toml_table.hpp"
#include "core/errors.hpp"

namespace spider_check::config {

using namespace std::chrono_literals;

namespace {

/** What execve(2) can hold as a variable. */
void check_variables(const std::vector<std::pair<std::string, std::string>>& variables,
                     const std::string& place) {
  for (const auto& [name, value] : variables) {
    if (!name.empty() && name.find('=') == std::string::npos) continue;
    throw UsageError(place + ": \"" + name +
                     "\" is not a valid name of a variable; write it like " +
                     R"(env = { PROXY = "http://proxy:3128" })");
  }
}

/** Where each key is that the table has. */
Places places_in(const TomlTable& table) {
  Places places;
  for (const auto* key : {"timeout", "stall_timeout", "grace", "nice", "min_items", "max_errors",
                          "min_items_ratio", "max_time_ratio", "optional_fields", "finish_reasons",
                          "ignore_status", "max_dead_pages", "ignore_errors", "check_sql",
                          "check_url", "min_rows", "working_directory", "arguments", "env"}) {
    if (table.has(key)) places[key] = table.place(key);
  }
  return places;
}

SpiderRules read_rules(TomlTable& table, const std::filesystem::path& base) {
  SpiderRules rules;
  rules.places = places_in(table);
  rules.timeout = table.duration("timeout", 0s);
  rules.stall_timeout = table.duration("stall_timeout", 0s);
  rules.grace = table.duration("grace", 0s);
  rules.nice = table.number("nice", -20, 19);
  rules.min_items = table.number("min_items", 0, 1'000'000'000);
  rules.max_errors = table.number("max_errors", 0, 1'000'000'000);
  rules.min_items_ratio = table.ratio("min_items_ratio");
  rules.max_time_ratio = table.multiple("max_time_ratio");
  rules.optional_fields = table.texts("optional_fields");
  rules.finish_reasons = table.texts("finish_reasons");
  rules.ignore_status = table.numbers("ignore_status", 400, 599);
  rules.max_dead_pages = table.number("max_dead_pages", 0, 1'000'000'000);
  rules.ignore_errors = table.texts("ignore_errors");
  rules.check_sql = table.text("check_sql");
  if (const auto url = table.text("check_url")) {
    rules.check_url = parse_url(*url, table.place("check_url"));
  }
  rules.min_rows = table.number("min_rows", 0, 1'000'000'000);
  rules.arguments = table.texts("arguments");
  if (const auto directory = table.text("working_directory")) {
    rules.working_directory = absolute(base, *directory);
  }
  if (auto variables = table.pairs("env")) {
    check_variables(*variables, table.place("env"));
    rules.environment = std::move(*variables);
  }
  return rules;
}

}  // namespace

void apply_spiders(TomlTable table, const std::filesystem::path& base, Config& config) {
  config.spiders = read_rules(table, base);
  for (auto& [pattern, inner] : table.other_tables()) {
    config.overrides.push_back({pattern, read_rules(inner, base), inner.place()});
    inner.finish();
  }
  table.finish();
}

}  // namespace spider_check::config
