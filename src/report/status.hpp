#pragma once

#include <string>
#include <vector>

#include "report/health.hpp"
#include "util/text_width.hpp"
#include "util/zone.hpp"

namespace spider_check {

/** The status for a person: one screen. */
[[nodiscard]] std::string status_text(const StatusReport& report, const Zone& zone,
                                      const Output& output = {});

/** The status for programs; docs/reports.schema.json describes it. */
[[nodiscard]] std::string status_json(const StatusReport& report, const Zone& zone);

/**
 * The newest attempts, the oldest first: a bar for the items of each crawl against the
 * most of them, "·" for a success of what is no crawl, "×" for a failure, "–" for what was stopped.
 */
[[nodiscard]] std::string sparkline(const std::vector<SpiderPoint>& points);

/** Lines that show each spider, at most 80 columns wide but for reasons and paths. */
[[nodiscard]] std::string spider_table(const std::vector<SpiderSummary>& spiders, TimePoint now,
                                       const Output& output);

}  // namespace spider_check
