#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/history.hpp"
#include "report/report.hpp"
#include "schedule/crawl.hpp"

namespace spider_check {

/** One value of a chart; `at` is seconds since the first one. */
struct SeriesPoint {
  double at = 0;
  double value = 0;
  Verdict verdict = Verdict::ok;
  bool stopped = false;
};

/** The baseline at a point. */
struct BaselineBand {
  double at = 0;
  double low = 0;  ///< the lower quartile
  double median = 0;
  double high = 0;  ///< the upper quartile
};

/**
 * What was usual as verdicts see it (schedule/crawl.hpp), at each success from which on it can be
 * said. Points are in order.
 */
[[nodiscard]] std::vector<BaselineBand> baseline_bands(const std::vector<SeriesPoint>& points);

/**
 * At most about `most` points that look like all of them: of each stretch its least and its
 * greatest value, and in any case its worst verdict.
 */
[[nodiscard]] std::vector<SeriesPoint> thin_out(const std::vector<SeriesPoint>& points,
                                                std::size_t most);

/** At most `most` bands, evenly; the last one is kept. */
[[nodiscard]] std::vector<BaselineBand> thin_out(const std::vector<BaselineBand>& bands,
                                                 std::size_t most);

inline constexpr std::size_t max_page_spiders = 300;

/**
 * What page.js draws, as JSON: the documents of `status --json` and `history --json`, with
 * - each text on one line, printable, and cut where it is long;
 * - runs, gaps and points as rows: the names of their members once, then values and numbers of
 *   "texts", so that 20,000 runs stay small; instants in rows are milliseconds since 1970;
 * - charts, failures with the ends of their logs, the page_headline(), words and the zone's
 * offsets.
 */
[[nodiscard]] std::string page_data(PageReport report, OrderedJson headline, const Zone& zone);

}  // namespace spider_check
