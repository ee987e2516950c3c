#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <soci/soci.h>

#include "core/crawl.hpp"
#include "core/ports.hpp"
#include "core/run.hpp"
#include "core/time.hpp"

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

// Reads of rows. Rows that start in the future of the database's clock count for nothing. All of
// them throw soci_error, which Session::run turns into DbError. `lock_held` is left to the caller.

/** By which search_path the table is found. */
enum class Path {
  of_user,  ///< as the session began; of several schemas none is searched: "no such table"
  pinned,
};

/**
 * The newest success, and whether there may be something to tell in these channels, if any: a
 * message that is due, or a success that nobody has looked at, of a host that died before it could
 * tell. One round trip where there is a success.
 */
[[nodiscard]] LatestSuccess read_latest_success(soci::session& sql, const std::string& schedule,
                                                const std::vector<std::string>& channels,
                                                Path path);

/** How many columns run_columns() are. */
inline constexpr std::size_t run_width = 20;

/** What read_run() reads, in its order; 0 and '' stand for NULL where that says the same. */
[[nodiscard]] std::string run_columns();

/** From the row's first column on. */
[[nodiscard]] Run read_run(const soci::row& row);

/**
 * The SQL that selects this column, `id` or `last_run_at`, of the newest success of :schedule, if
 * it has one: from the index on just that (read_glance() says why it must be written so).
 */
[[nodiscard]] std::string newest_success(const std::string& column);

/** The newest run that was not limited by --spider; the marker of an old installation is none. */
[[nodiscard]] std::optional<Run> newest_whole_run(soci::session& sql, const std::string& schedule);

/** The newest run of --spider that is marked running and that no newer run made history. */
[[nodiscard]] std::optional<Run> running_partial_run(soci::session& sql,
                                                     const std::string& schedule);

/** When the server was started, by its own clock. */
[[nodiscard]] TimePoint server_start(soci::session& sql);

[[nodiscard]] int future_runs(soci::session& sql, const std::string& schedule);

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
