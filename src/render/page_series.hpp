#pragma once

#include <cstddef>
#include <vector>

#include "core/verdict.hpp"

namespace spider_check::render {

/** One value of a chart: `at` is 0 to 1 of its width. */
struct SeriesPoint {
  double at = 0;
  double value = 0;
  Verdict verdict = Verdict::ok;
};

/** What was usual at a point: of the last good runs up to it. */
struct UsualBand {
  double at = 0;
  double low = 0;  ///< the lower quartile
  double median = 0;
  double high = 0;  ///< the upper quartile
};

/**
 * What was usual at each good point that has enough good ones before it, as verdicts see it: by at
 * most the last twenty. Points are in order.
 */
[[nodiscard]] std::vector<UsualBand> usual_bands(const std::vector<SeriesPoint>& points);

/**
 * At most about `most` points that look like all of them: of each stretch its least and its
 * greatest value, and in any case its worst verdict.
 */
[[nodiscard]] std::vector<SeriesPoint> thin_out(const std::vector<SeriesPoint>& points,
                                                std::size_t most);

/** At most `most` bands, evenly; the last one is kept. */
[[nodiscard]] std::vector<UsualBand> thin_out(const std::vector<UsualBand>& bands,
                                              std::size_t most);

}  // namespace spider_check::render
