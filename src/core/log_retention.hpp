#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/ports.hpp"
#include "core/run.hpp"

namespace spider_check {

/** How much of the logs is kept. */
struct LogLimits {
  RunId too_old = 0;            ///< the logs of the runs up to this one go
  std::int64_t total_size = 0;  ///< bytes; the oldest go until all together are not more
};

/**
 * Which files of one schedule are to be removed, oldest first. Never the newest log of a spider,
 * nor a log in `wanted`, nor a report that belongs to one of these: they count for the size, and
 * stay even when that is exceeded. Half of the size is left to the others in any case.
 *
 * wanted: log paths as they were recorded. A log is known by its spider's directory and its own
 * name, so that it is found again when all logs were moved. Older is what belongs to an earlier
 * run: no file's time matters, which is the host's, and may be anything.
 */
[[nodiscard]] std::vector<LogFile> logs_to_delete(std::vector<LogFile> files,
                                                  const std::vector<std::filesystem::path>& wanted,
                                                  const LogLimits& limits);

}  // namespace spider_check
