#include "setup/sources.hpp"

#include <algorithm>

#include "config/new_config.hpp"
#include "scrapy/crawl_monitor.hpp"

namespace spider_check::setup {

std::vector<SpiderJob> program_jobs(const config::Config& config) {
  std::vector<SpiderJob> jobs;
  for (const auto& program : config.programs) {
    SpiderJob job;
    job.name = program.name;
    job.command = program.command;
    job.arguments_at = job.command.size();
    job.crawl = scrapy::is_crawl(job.command);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

scrapy::ProjectOptions project_options(const config::Config& config) {
  if (!config.scrapy) return {};
  const auto& scrapy = *config.scrapy;
  std::vector<scrapy::NamedCrawl> crawls;
  for (const auto& crawl : config.crawls) {
    crawls.push_back({crawl.name, crawl.spider, crawl.arguments, crawl.place});
  }
  // A project may need what its spiders are given to be listed at all.
  return {scrapy.project,
          scrapy.command,
          scrapy.include,
          scrapy.exclude,
          std::move(crawls),
          scrapy.settings,
          config.spiders.environment,
          scrapy.list_timeout};
}

Variables scrapy_variables(const config::Environment& environment) {
  Variables variables;
  for (const auto* name : {"SCRAPY_PROJECT", "SCRAPY_SETTINGS_MODULE", "PYTHONPATH"}) {
    if (auto value = environment.get(name)) variables.emplace_back(name, *std::move(value));
  }
  return variables;
}

std::vector<std::string> lacking_for_scrapy(const config::Loaded& loaded,
                                            const config::Environment& environment,
                                            const std::string& who) {
  const auto& set = loaded.config.spiders.environment;
  auto variables = scrapy_variables(environment);
  std::erase_if(variables, [&](const auto& variable) {
    return std::any_of(set.begin(), set.end(),
                       [&](const auto& other) { return other.first == variable.first; });
  });
  if (!loaded.config.scrapy || variables.empty()) return {};
  return {who + " not have what Scrapy reads of this environment; write " +
          config::env_text(variables) + " into [spiders]" +
          (loaded.file ? " of " + loaded.file->string() : "")};
}

const char* nothing_to_run() noexcept {
  return "there is nothing to run: no Scrapy project and no [[spider]] is configured, and there "
         "is no scrapy.cfg here or above; type spider-check init where your project is, or name a "
         "configuration with -c FILE";
}

}  // namespace spider_check::setup
