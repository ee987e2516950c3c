#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <soci/soci.h>

#include "core/crawl.hpp"
#include "core/run.hpp"
#include "core/time.hpp"

namespace spider_check::db {

// Reads of what spiders did before. All of them throw soci_error, which Session::run turns into
// DbError.

/** What is usual for these spiders in this schedule: see RunStore::baselines. */
[[nodiscard]] std::map<std::string, Baseline> read_histories(
    soci::session& sql, const std::string& schedule, const std::vector<std::string>& spiders);

/** The spiders of the newest whole run that completed. */
[[nodiscard]] std::vector<std::string> read_last_spiders(soci::session& sql,
                                                         const std::string& schedule);

/** The newest run that, as every one before it by id, started longer ago; 0: there is none. */
[[nodiscard]] RunId read_newest_before(soci::session& sql, const std::string& schedule,
                                       Duration age);

/** The log of each spider's newest failed attempt. */
[[nodiscard]] std::vector<std::filesystem::path> read_failed_logs(soci::session& sql,
                                                                  const std::string& schedule);

}  // namespace spider_check::db
