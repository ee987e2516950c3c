#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/crawl.hpp"

namespace spider_check::scrapy {

/**
 * What the end of a crawl's log tells: the statistics that Scrapy prints, and what a traceback
 * says. folder: the project, whose files are named before any other.
 */
[[nodiscard]] CrawlReport read_log_report(const std::string& log_end,
                                          const std::filesystem::path& folder);

/** The newest of Scrapy's lines "Crawled N pages …, scraped M items …"; empty without one. */
[[nodiscard]] std::optional<Progress> read_log_progress(const std::string& log_end);

}  // namespace spider_check::scrapy
