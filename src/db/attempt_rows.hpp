#pragma once

#include <map>
#include <string>
#include <vector>

#include <soci/soci.h>

#include "outbox/journal.hpp"
#include "schedule/spider.hpp"

namespace spider_check {

/** The outcomes as one JSON array, as the statement that records them reads it. */
[[nodiscard]] std::string to_json(const std::vector<SpiderOutcome>& outcomes);

/** field_counts as it was recorded; what is no such object gives nothing. */
[[nodiscard]] std::map<std::string, std::int64_t> parse_field_counts(const std::string& json);

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

}  // namespace spider_check
