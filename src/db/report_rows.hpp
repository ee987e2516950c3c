#pragma once

#include <optional>
#include <string>
#include <vector>

#include <soci/soci.h>

#include "core/report_store.hpp"

namespace spider_check::db {

// What reports read: one statement each. All throw soci_error, which Session::run turns into
// DbError.

[[nodiscard]] std::vector<RunRecord> read_runs(soci::session& sql, const std::string& schedule,
                                               const HistoryFilter& filter);

[[nodiscard]] std::optional<RunRecord> read_run_record(soci::session& sql,
                                                       const std::string& schedule, RunId id);

[[nodiscard]] std::vector<SpiderSummary> read_spiders(soci::session& sql,
                                                      const std::string& schedule, int most);

[[nodiscard]] std::vector<SpiderSeries> read_series(soci::session& sql, const std::string& schedule,
                                                    Duration age, int most);

[[nodiscard]] std::vector<Failure> read_failures(soci::session& sql, const std::string& schedule,
                                                 int most);

/** Whole runs that failed since the newest success, as far as a thousand. */
[[nodiscard]] int count_failed_runs(soci::session& sql, const std::string& schedule);

}  // namespace spider_check::db
