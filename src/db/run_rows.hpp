#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <soci/soci.h>

#include "schedule/crawl.hpp"
#include "schedule/run.hpp"
#include "schedule/spider.hpp"
#include "schedule/summary.hpp"
#include "util/time.hpp"

namespace spider_check {

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

/** How many columns read_run() reads. */
inline constexpr std::size_t run_width = 20;

/** From the row's first column on, in the order of the statements. */
[[nodiscard]] Run read_run(const soci::row& row);

/**
 * The newest run that was not limited by --spider (the marker of an old installation is none), and
 * the newest run of --spider that is marked running and that no newer run made history.
 */
void read_newest_runs(soci::session& sql, const std::string& schedule, State& state);

/** The time, the newest success, and what whole runs came after it, as far as a thousand. */
[[nodiscard]] ScheduleSummary read_tries(soci::session& sql, const std::string& schedule);

/** When the server was started, by its own clock, and how many runs lie in that one's future. */
void read_server(soci::session& sql, const std::string& schedule, State& state);

}  // namespace spider_check
