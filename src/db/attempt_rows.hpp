#pragma once

#include <string>

#include <soci/soci.h>

#include "core/attempt_record.hpp"

namespace spider_check::db {

// What the journal brings: attempts that this database was not told of while they went on. Both
// belong in a transaction, and throw soci_error, which Session::run turns into DbError.

/**
 * Makes the run the attempt's, running: its row is made where there is none. Throws LostRun when
 * somebody else has gone on with it.
 */
[[nodiscard]] RunId adopt(soci::session& sql, const std::string& schedule,
                          const AttemptRecord& attempt, const HostTime& now);

/** Records an attempt that is over, with its outcomes; what was recorded before stays as it is. */
[[nodiscard]] RunId record(soci::session& sql, const std::string& schedule,
                           const AttemptRecord& attempt, const HostTime& now);

}  // namespace spider_check::db
