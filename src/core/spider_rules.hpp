#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace spider_check {

/** How long a spider may take, and how it is stopped. Only time that the host is awake counts. */
struct SpiderLimits {
  Duration timeout = std::chrono::hours(1);   ///< 0: none
  Duration stall_timeout{0};                  ///< without any progress; 0: none
  Duration grace = std::chrono::seconds(60);  ///< from SIGTERM to the second one

  /**
   * From the second SIGTERM, at which Scrapy drops everything and ends within a second, to SIGKILL.
   */
  Duration second_grace = std::chrono::seconds(5);
};

/** How long it lives at most once it is stopped; its supervisor stops it when its program dies. */
[[nodiscard]] constexpr Duration max_stop(const SpiderLimits& limits) {
  return limits.grace + limits.second_grace;
}

/** What a crawl must have done to be good; the rows are of any spider. */
struct Criteria {
  std::int64_t min_items = 1;
  std::optional<std::int64_t> max_errors;    ///< empty: errors beside items only degrade
  double min_items_ratio = 0.5;              ///< of the median of what is usual; 0: no matter
  double max_time_ratio = 3;                 ///< as long, or as short, as is usual; 0: no matter
  std::vector<std::string> optional_fields;  ///< of items; they may become empty
  std::vector<std::string> finish_reasons{"finished"};
  std::vector<int> ignored_statuses;           ///< pages refused with them are no fault
  std::optional<std::int64_t> max_dead_pages;  ///< refused or dead; empty: a tenth of all pages
  std::vector<std::string> ignored_errors;     ///< by logger, or "re:" and a pattern
  std::int64_t min_rows = 1;                   ///< that check_sql must count, where there is one
};

}  // namespace spider_check
