#pragma once

#include <optional>
#include <string>
#include <vector>

#include <soci/soci.h>

#include "core/ports.hpp"
#include "core/run.hpp"

namespace spider_check::db {

// Reads of rows. Rows that start in the future of the database's clock count for nothing. All of
// them throw soci_error, which Session::run turns into DbError. `lock_held` is left to the caller.

/**
 * The newest success, and whether there may be something to tell in these channels: a message that
 * is due, or a success that nobody has looked at, of a host that died before it could tell. One
 * round trip, as cheap as PgRunStore::glance().
 */
[[nodiscard]] std::optional<Glance> newest_success(soci::session& sql, const std::string& schedule,
                                                   const std::vector<std::string>& channels);

/** The newest run that was not limited by --spider; the marker of an old installation is none. */
[[nodiscard]] std::optional<Run> newest_whole_run(soci::session& sql, const std::string& schedule);

/** The newest run of --spider that is marked running and that no newer run made history. */
[[nodiscard]] std::optional<Run> running_partial_run(soci::session& sql,
                                                     const std::string& schedule);

[[nodiscard]] int future_runs(soci::session& sql, const std::string& schedule);

/** The newest outcome of each spider in this run, by name. */
[[nodiscard]] std::vector<RecordedOutcome> newest_outcomes(soci::session& sql, RunId run);

}  // namespace spider_check::db
