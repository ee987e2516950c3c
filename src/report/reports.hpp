#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "report/health.hpp"
#include "report/report.hpp"
#include "schedule/instance.hpp"
#include "util/errors.hpp"

namespace spider_check {

/** All that is known of the schedule now but `outcomes`, which few need. Throws DbError. */
[[nodiscard]] StatusReport read_status(const Instance& instance);

/** What `status` says. */
struct StatusAnswer {
  std::string text;
  std::optional<DbError> fault;  ///< the database cannot be used: the journal is all that was asked
};

/**
 * The status, as text or as JSON. While the database cannot be used it is, as text, what this
 * host's journal knows, which may be nothing. Throws DbError where no tick would go by the journal,
 * and for JSON.
 */
[[nodiscard]] StatusAnswer status(const Instance& instance, bool json);

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

/** All that the page shows: of the last thirty days, and no more of it than a browser can take.
 * Throws DbError. */
[[nodiscard]] PageReport read_page(const Instance& instance);

/** The page, as HTML. Throws DbError. */
[[nodiscard]] std::string page(const Instance& instance);

/** What a monitoring plugin answers. */
struct HealthAnswer {
  HealthLevel level = HealthLevel::unknown;
  std::string line;
};

/** Judges the schedule; max_age: empty for the usual one. Throws DbError. */
[[nodiscard]] HealthAnswer health(const Instance& instance, std::optional<Duration> max_age);

/** The status as Prometheus reads it. Throws DbError. */
[[nodiscard]] std::string metrics(const Instance& instance, std::string_view version);

}  // namespace spider_check
