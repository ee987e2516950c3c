#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "core/crawl.hpp"

namespace spider_check::scrapy {

/**
 * A count that somebody tells: 0 for what is no number or below it, and never so large that sums of
 * such counts could overflow.
 */
[[nodiscard]] std::int64_t to_count(const nlohmann::json& number) noexcept;

/**
 * Takes what the verdict needs from Scrapy's own statistics, an object with its keys, and marks the
 * crawl as ended.
 */
void apply_statistics(const nlohmann::json& stats, CrawlReport& crawl);

/** Takes the probe's own counts, which are there whatever collects the statistics. */
void apply_own_counts(const nlohmann::json& own, CrawlReport& crawl);

}  // namespace spider_check::scrapy
