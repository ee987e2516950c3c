#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "db/report_store.hpp"
#include "report/health.hpp"
#include "schedule/instance.hpp"
#include "util/errors.hpp"

namespace spider_check {

// What the commands that report print. All read the database, and throw DbError.

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
[[nodiscard]] StatusAnswer status(const Instance& instance, ReportStore& store, bool json);

/** How many runs a history shows at most: years of them. */
inline constexpr int max_runs = 20'000;

/** The history, as text or as JSON. */
[[nodiscard]] std::string history(const Instance& instance, ReportStore& store,
                                  const HistoryFilter& filter, bool json);

/** One run, as text or as JSON. Throws UsageError when there is no such run. */
[[nodiscard]] std::string show(const Instance& instance, ReportStore& store, RunId id, bool json);

/** The page, as HTML: of the last thirty days, and no more of it than a browser can take. */
[[nodiscard]] std::string page(const Instance& instance, ReportStore& store);

/** What a monitoring plugin answers. */
struct HealthAnswer {
  HealthLevel level = HealthLevel::unknown;
  std::string line;
};

/** Judges the schedule; max_age: empty for the usual one. */
[[nodiscard]] HealthAnswer health(const Instance& instance, ReportStore& store,
                                  std::optional<Duration> max_age);

/** The status as Prometheus reads it. */
[[nodiscard]] std::string metrics(const Instance& instance, ReportStore& store,
                                  std::string_view version);

}  // namespace spider_check
