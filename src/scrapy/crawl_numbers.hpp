#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "schedule/crawl.hpp"

namespace spider_check {

/**
 * Reads a Python dict as pprint writes one; a call like datetime.datetime(…) becomes its text. Null
 * where there is none, or it is cut off. What follows does not matter.
 */
[[nodiscard]] nlohmann::json parse_python_dict(std::string_view text);

/** 0 for what is no number or negative, and never so large that sums of counts could overflow. */
[[nodiscard]] std::int64_t to_count(const nlohmann::json& number) noexcept;

// Of what is missing, or of another type, an empty text and 0.
[[nodiscard]] std::string text_in(const nlohmann::json& object, const std::string& key);
[[nodiscard]] std::int64_t count_in(const nlohmann::json& object, const std::string& key);

/**
 * Takes what the verdict needs from Scrapy's statistics. Pages with an ignored status do not count.
 */
void apply_statistics(const nlohmann::json& stats, CrawlReport& crawl,
                      const std::vector<int>& ignore_status = {});

/** Takes the probe's own counts, which do not depend on the project's statistics collector. */
void apply_own_counts(const nlohmann::json& own, CrawlReport& crawl);

/** One crawl unchanged; the sum of several, with each of them in its parts. */
[[nodiscard]] CrawlReport sum_of(std::vector<CrawlReport> crawls);

}  // namespace spider_check
