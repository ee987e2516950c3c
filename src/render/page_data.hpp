#pragma once

#include <cstddef>
#include <string>

#include "core/report.hpp"
#include "render/report_json.hpp"

namespace spider_check::render {

inline constexpr std::size_t max_page_spiders = 300;

/**
 * What page.js draws, as JSON: the documents of `status --json` and `history --json`, with
 * - each text on one line, printable, and cut where it is long;
 * - runs, gaps and points as rows: the names of their members once, then values and numbers of
 *   "texts", so that 20,000 runs stay small; instants in rows are milliseconds since 1970;
 * - charts, failures with the ends of their logs, the page_headline(), words and the zone's
 * offsets.
 */
[[nodiscard]] std::string page_data(PageReport report, Json headline, const Zone& zone);

}  // namespace spider_check::render
