#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schedule/crawl.hpp"
#include "schedule/spider.hpp"
#include "scrapy/project.hpp"

namespace spider_check {

/**
 * What the end of a crawl's log tells: the statistics that Scrapy prints, and what a traceback
 * says. directory: the project, whose files are named before any other; criteria: what it is to
 * ignore.
 */
[[nodiscard]] CrawlReport read_log_report(const std::string& log_end,
                                          const std::filesystem::path& directory,
                                          const Criteria& criteria = {});

/** Where a crawl stands by the newest of what Scrapy says of it. */
[[nodiscard]] CrawlPhase read_log_phase(const std::string& log_end);

/** The newest of Scrapy's lines "Crawled N pages …, scraped M items …"; empty without one. */
[[nodiscard]] std::optional<Progress> read_log_progress(const std::string& log_end);

/** Adds to a job's environment what puts the probe in front of a Scrapy process. */
void add_probe(std::vector<std::pair<std::string, std::string>>& environment,
               const std::string& python_path, const std::filesystem::path& report,
               const std::string& token);

/** Adds what of a crawl's errors and pages is as it should be; nothing where that is nothing. */
void add_ignored(std::vector<std::pair<std::string, std::string>>& environment,
                 const Criteria& criteria);

/**
 * Whether a command is a crawl as Scrapy's own: `scrapy crawl …` or `scrapy runspider …`, also
 * behind another program, like `uv run scrapy crawl …` or `python3 -m scrapy crawl …`.
 */
[[nodiscard]] bool is_crawl(const std::vector<std::string>& command);

/**
 * Watches crawls from inside by the probe, and where that does not report, from outside by their
 * logs. Any other program gets the probe, too, since it may be a script that crawls.
 */
class Monitors final : public CrawlMonitors {
 public:
  void prepare(SpiderJob& job) override;

  [[nodiscard]] std::unique_ptr<CrawlMonitor> watch(const SpiderJob& job) override;

 private:
  const ProbeDirectory& probe();

  std::unique_ptr<ProbeDirectory> probe_;  ///< looked for once, when the first crawl wants it
};

}  // namespace spider_check
