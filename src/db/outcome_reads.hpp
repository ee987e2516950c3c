#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <soci/soci.h>

#include "core/run_store.hpp"

namespace spider_check::db {

// Reads of spider_run. All throw soci_error, which Session::run turns into DbError.

/** How many columns outcome_columns() are. */
inline constexpr std::size_t outcome_width = 15;

/** What read_outcome() reads, in its order. */
[[nodiscard]] std::string outcome_columns();

/** What a list shows of an outcome, not the whole of it; first: the column where it begins. */
[[nodiscard]] RecordedOutcome read_outcome(const soci::row& row, std::size_t first);

/** The newest outcome of each spider in this run, by name. */
[[nodiscard]] std::vector<RecordedOutcome> newest_outcomes(soci::session& sql, RunId run);

/** Every outcome in this run, by attempt and name. */
[[nodiscard]] std::vector<RecordedOutcome> every_outcome(soci::session& sql, RunId run);

}  // namespace spider_check::db
