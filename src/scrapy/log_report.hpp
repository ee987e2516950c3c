#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/crawl.hpp"
#include "core/spider_rules.hpp"

namespace spider_check::scrapy {

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

}  // namespace spider_check::scrapy
