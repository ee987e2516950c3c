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

/** The schedule's log directory, which is made and marked as ours if that is possible. */
[[nodiscard]] std::filesystem::path log_directory(const Instance& instance);

/**
 * The name with a series that makes it new: the newest series of all logs, or the next one if the
 * ids have begun again, because the database was made anew or restored.
 *
 * newest_run: returns the newest run in the database; called only if there are logs of a later run
 * than the name's. 0: not known.
 */
[[nodiscard]] LogName free_log_name(const Instance& instance, LogName name,
                                    const std::function<RunId()>& newest_run);

/**
 * Moves logs that cannot be written in their directories to the fallback directory. Without that
 * one, the output of a program is thrown away; a crawl keeps its log's path, and does not start,
 * because it could not be judged without a log. Returns one fault for all logs, which is also
 * logged as a warning; empty: all can be written.
 */
[[nodiscard]] std::optional<std::string> move_logs(const Instance& instance,
                                                   std::vector<SpiderJob>& jobs);

/** A log to show: of the newest run and attempt, where none is given. */
struct LogRequest {
  std::string spider;
  std::optional<LogRun> run;
  std::optional<int> attempt;
};

/**
 * The path of the log. Throws UsageError that names the logs there are instead, and
 * std::system_error if the directory cannot be read.
 */
[[nodiscard]] std::filesystem::path choose_log(const LogDirectory& directory,
                                               const LogRequest& request);

/** The names of the spiders that have logs, one a line. Throws std::system_error. */
[[nodiscard]] std::string spiders_with_logs(const LogDirectory& directory);

/** How much of the logs is kept. */
struct LogLimits {
  RunId too_old = 0;            ///< logs of runs up to this one are removed
  std::int64_t total_size = 0;  ///< bytes of all logs; above it the oldest are removed
};

/**
 * The files of one schedule to remove, oldest first. The newest log of each spider and those in
 * `wanted` stay with their reports, even above the size; half of it is left to the others then.
 *
 * wanted: log paths as recorded. Only the spider's directory and the log's name are compared,
 * because all logs may have been moved. Files are ordered by their runs: their times may be wrong.
 */
[[nodiscard]] std::vector<LogFile> logs_to_delete(std::vector<LogFile> files,
                                                  const std::vector<std::filesystem::path>& wanted,
                                                  const LogLimits& limits);

}  // namespace spider_check
