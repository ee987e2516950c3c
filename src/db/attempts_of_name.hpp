#pragma once

#include <string>

namespace spider_check::db {

// Parts of statements over the attempts of one spider, the column `name` of what they are joined
// to, in the schedule :schedule. What lies in the future counts for nothing.

/** The order of them, the newest first. */
[[nodiscard]] std::string newest_attempt_first();

/**
 * "SELECT … FROM … WHERE …" over all of them, as `r`; to be followed by more conditions. The
 * schedule is looked up for each and not joined: a tenth of the time to plan it, which is most of
 * what this costs a session that asks once.
 */
[[nodiscard]] std::string attempts_of_name(const std::string& columns);

/**
 * "SELECT … FROM …" over those of its crawls that say what is usual (see core/verdict.hpp), as `r`.
 */
[[nodiscard]] std::string baseline_attempts_of_name(const std::string& columns);

}  // namespace spider_check::db
