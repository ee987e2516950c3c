#pragma once

#include <string>

#include "app/instance.hpp"
#include "core/report.hpp"

namespace spider_check::app {

/** How many runs a history shows at most: years of them. */
inline constexpr int max_runs = 20'000;

/**
 * The runs that the filter chooses, at most its `most`; and, unless it asks for a status, the times
 * in which nothing ran. Throws DbError.
 */
[[nodiscard]] HistoryReport read_history(const Instance& instance, const HistoryFilter& filter);

/** The history, as text or as JSON. Throws DbError. */
[[nodiscard]] std::string history(const Instance& instance, const HistoryFilter& filter, bool json);

/** One run, as text or as JSON. Throws DbError, and UsageError when there is no such run. */
[[nodiscard]] std::string show(const Instance& instance, RunId id, bool json);

}  // namespace spider_check::app
