#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "logs/log_directory.hpp"
#include "logs/log_name.hpp"
#include "schedule/instance.hpp"
#include "schedule/spider.hpp"

namespace spider_check {

/** Where the schedule's logs belong: its directory, made this configuration's where that can be. */
[[nodiscard]] std::filesystem::path log_directory(const Instance& instance);

/**
 * The name with the series that makes it one that no earlier log has: the newest there is, or one
 * more where the numbers have begun anew, since the database was made anew or restored.
 *
 * newest_run: asks the database for its newest run, where logs of a later one are there; 0: it
 * cannot be asked.
 */
[[nodiscard]] LogName free_log_name(const Instance& instance, LogName name,
                                    const std::function<RunId()>& newest_run);

/**
 * Moves the logs that cannot be written where they belong into a private temporary directory. Where
 * that cannot be had either, the output of a program is thrown away, and a crawl, which nobody
 * could judge without a log, does not start. Gives the one fault of all of them, after it was
 * logged as a warning; empty: there is none.
 */
[[nodiscard]] std::optional<std::string> move_logs(const Instance& instance,
                                                   std::vector<SpiderJob>& jobs);

/** Which log somebody wants to see: what is not said is the newest there is. */
struct LogRequest {
  std::string spider;
  std::optional<LogRun> run;
  std::optional<int> attempt;
};

/**
 * The log that is wanted. Throws UsageError, which names what there is instead, and
 * std::system_error when the directory cannot be read.
 */
[[nodiscard]] std::filesystem::path choose_log(const LogDirectory& directory,
                                               const LogRequest& request);

/** The names of the spiders that have logs, a line each. Throws as choose_log() does. */
[[nodiscard]] std::string spiders_with_logs(const LogDirectory& directory);

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
 * name, so that it is found again when all logs were moved. What belongs to an earlier run is
 * older: the times of files do not matter, because the host's clock may be wrong.
 */
[[nodiscard]] std::vector<LogFile> logs_to_delete(std::vector<LogFile> files,
                                                  const std::vector<std::filesystem::path>& wanted,
                                                  const LogLimits& limits);

}  // namespace spider_check
