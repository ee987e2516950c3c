#pragma once

#include <string>

namespace spider_check::db {

/**
 * The INSERT that makes rows of spider_run of to_json(outcomes). run: what gives the run's id in
 * its column `id`, for FROM; the others: expressions for the attempt's number, the JSON and the
 * owner's token. What to do about rows that are there already is left to the caller.
 */
[[nodiscard]] std::string insert_outcomes_sql(const std::string& run, const std::string& attempt,
                                              const std::string& outcomes,
                                              const std::string& token);

}  // namespace spider_check::db
