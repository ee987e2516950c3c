#pragma once

#include <functional>

#include "util/time.hpp"

namespace spider_check::test {

/**
 * In this executable nobody waits: its monotonic clock and its sleep are the history's, in which
 * hours pass at once.
 */
struct ModelClock {
  std::function<Duration()> now;        ///< empty: the real one
  std::function<void(Duration)> sleep;  ///< may throw
};

[[nodiscard]] ModelClock& model_clock();

}  // namespace spider_check::test
