#pragma once

#include <vector>

#include "core/decision.hpp"
#include "core/report.hpp"

namespace spider_check {

/** Ticks come every few minutes: data that is stale for less than this is no gap. */
inline constexpr Duration min_gap = std::chrono::minutes(10);

/**
 * The times since `since` in which the data was stale, each with why, the newest first: from the
 * moment when a run was due to the start of the run that made an end of it, or to now. Pure.
 *
 * runs: the newest first, as a history has them; what was before the oldest of them is not seen,
 * unless that one says that it was late.
 * current: what keeps a run from starting right now, counted back from now.
 */
[[nodiscard]] std::vector<Gap> find_gaps(const std::vector<RunRecord>& runs, const Policy& policy,
                                         TimePoint since, TimePoint now,
                                         const std::vector<Delay>& current = {});

}  // namespace spider_check
