#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schedule/crawl.hpp"
#include "schedule/spider.hpp"
#include "scrapy/report_reader.hpp"

namespace spider_check {

/**
 * Reads the statistics that Scrapy prints and the last traceback from the end of a crawl's log.
 * directory: the project, whose files are named before others. criteria: the errors and statuses
 * to ignore.
 */
[[nodiscard]] CrawlReport read_log_report(const std::string& log_end,
                                          const std::filesystem::path& directory,
                                          const Criteria& criteria = {});

/** The phase of a crawl by the newest of Scrapy's lines about it. */
[[nodiscard]] CrawlPhase read_log_phase(const std::string& log_end);

/** Reads the newest line "Crawled N pages …, scraped M items …"; empty without one. */
[[nodiscard]] std::optional<Progress> read_log_progress(const std::string& log_end);

/** Adds what loads the probe in a Scrapy process. */
void add_probe(std::vector<std::pair<std::string, std::string>>& environment,
               const std::string& python_path, const std::filesystem::path& report,
               const std::string& token);

/** Adds the errors and statuses that the probe ignores, if there are any. */
void add_ignored(std::vector<std::pair<std::string, std::string>>& environment,
                 const Criteria& criteria);

/**
 * Whether a command is `scrapy crawl …` or `scrapy runspider …`, also behind another program, like
 * `uv run scrapy crawl …` or `python3 -m scrapy crawl …`.
 */
[[nodiscard]] bool is_crawl(const std::vector<std::string>& command);

/**
 * Lets a job report to its crawl monitor through the probe, in a file beside its log. Programs get
 * the probe, too, because they may be scripts that crawl. Does nothing where probe, its directory,
 * is empty, and for a program whose output is thrown away.
 */
void add_report(SpiderJob& job, const std::filesystem::path& probe);

/**
 * Watches a spider: by the report of the probe in it, and where there is none, a crawl by its log.
 */
class CrawlMonitor {
 public:
  /** Makes the report's file. The job is about to start, and outlives this. */
  explicit CrawlMonitor(const SpiderJob& job);
  CrawlMonitor(const CrawlMonitor&) = delete;
  CrawlMonitor& operator=(const CrawlMonitor&) = delete;
  CrawlMonitor(CrawlMonitor&&) = delete;
  CrawlMonitor& operator=(CrawlMonitor&&) = delete;
  /** Removes the report. */
  ~CrawlMonitor();

  [[nodiscard]] const SpiderJob& job() const noexcept { return job_; }

  /** How far the crawl has come; empty where nothing tells that. Never waits or throws. */
  [[nodiscard]] std::optional<Progress> progress();

  /** The phase as of the last progress(). */
  [[nodiscard]] CrawlPhase phase() const noexcept { return phase_; }

  /** All of it, once the process has ended: from nobody where it was no crawl. Never throws. */
  [[nodiscard]] CrawlReport report();

 private:
  [[nodiscard]] CrawlReport read_log() const;

  const SpiderJob& job_;
  ReportReader reader_;
  CrawlPhase phase_ = CrawlPhase::crawling;
};

}  // namespace spider_check
