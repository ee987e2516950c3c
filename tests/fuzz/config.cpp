// The configuration file.
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/load.hpp"
#include "config/spider_rules.hpp"
#include "connection.hpp"
#include "directory.hpp"
#include "fuzz.hpp"
#include "util/errors.hpp"

namespace spider_check::fuzz {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/** No argument, variable or file name can hold a NUL. */
void check_text(const std::string& text) {
  expect(text.find('\0') == std::string::npos, "no text holds a NUL");
}

void check_texts(const std::vector<std::string>& texts) {
  for (const auto& text : texts) check_text(text);
}

void check_pairs(const Pairs& pairs) {
  for (const auto& [name, value] : pairs) {
    check_text(name);
    check_text(value);
  }
}

void check_schedule(const Config& config) {
  using namespace std::chrono_literals;
  const auto& policy = config.policy;
  check_texts({config.name, config.timezone, config.state_dir.string(), config.log_dir.string()});
  expect(policy.interval >= 1s && policy.slack < policy.interval, "an interval leaves time");
  expect(policy.max_attempts >= 1 && policy.max_attempts <= 100, "attempts are in their limits");
  expect(config.max_instances >= 1 && config.max_instances <= 100, "instances are in theirs");
  expect(config.concurrency >= 1 && config.concurrency <= 1000, "concurrency is in its limits");
  expect(config.log_size >= 0 && config.keep >= 1h, "what is kept of logs is in its limits");
}

void check_rules(const SpiderRules& rules) {
  check_pairs(rules.environment);
  if (rules.arguments) check_texts(*rules.arguments);
  if (rules.working_directory) check_text(rules.working_directory->string());
  expect(!rules.min_items || *rules.min_items >= 0, "min_items is in its limits");
  expect(!rules.nice || (*rules.nice >= -20 && *rules.nice <= 19), "nice is in its limits");
}

SpiderJob job_of(const Config& config, const std::string& name, bool crawl,
                 const std::vector<std::string>& command) {
  SpiderJob job;
  job.name = name;
  job.command = command;
  job.arguments_at = command.size();
  job.crawl = crawl;
  apply_rules(config, job);
  check_texts(job.command);
  check_pairs(job.environment);
  return job;
}

std::vector<SpiderJob> jobs_of(const Config& config) {
  std::vector<SpiderJob> jobs;
  std::set<std::string> names;
  for (const auto& program : config.programs) {
    expect(!program.command.empty() && !program.command.front().empty(), "a program has a command");
    expect(names.insert(program.name).second, "no two programs share a name");
    jobs.push_back(job_of(config, program.name, false, program.command));
  }
  if (!config.scrapy) return jobs;
  check_pairs(config.scrapy->settings);
  check_texts(config.scrapy->include);
  for (const auto* name : {"books", "news_1"}) {
    jobs.push_back(job_of(config, name, true, config.scrapy->command));
  }
  return jobs;
}

void check(const Config& config) {
  check_schedule(config);
  check_connection(config.database);
  check_rules(config.spiders);
  for (const auto& table : config.overrides) check_rules(table.rules);
  (void)advise(config, jobs_of(config), true);
}

}  // namespace

void try_input(std::string_view bytes) {
  static const Directory directory;
  static const auto beside = {directory.write("scrapy.cfg", ""),
                              directory.write("password", "x\n")};
  const auto file = directory.write("x.toml", bytes).string();
  (void)beside;
  try {
    check(load(file, {{}, directory.path(), directory.path()}).config);
  } catch (const UsageError& error) {
    expect(std::string(error.what()).rfind(file + ":", 0) == 0, "an error begins with its place");
  }
}

}  // namespace spider_check::fuzz
