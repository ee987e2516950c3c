#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "schedule/instance.hpp"
#include "schedule/run_store.hpp"

namespace spider_check {

/** Files that went, or would go. */
struct RemovedLogs {
  std::size_t files = 0;
  std::int64_t bytes = 0;
};

/**
 * Removes the logs that are too old or too many, unless it is a dry run. The log of each spider's
 * newest failed attempt stays, and its newest log. What cannot be removed is one warning. Throws
 * DbError when the database does not tell which those are, and then nothing is removed, and
 * std::system_error when the directory cannot be read.
 */
RemovedLogs remove_old_logs(Instance& instance, bool dry_run);

/**
 * Removes the rows of old runs (RunStore::prune) step by step, until nothing is left to do or it
 * was `patience` at it. Throws DbError; what was removed by then stays so.
 */
Pruned remove_old_runs(Instance& instance, bool dry_run, std::optional<Duration> patience);

/** "3 old runs cannot be removed: …" */
[[nodiscard]] std::string unremovable(const Pruned& pruned);

/**
 * What is to be done after a run: the logs, and then the rows, of which what is left goes after the
 * next run. Never throws: what goes wrong is a warning.
 */
void tidy_up(Instance& instance);

/**
 * Removes everything that is too old or too much, or only counts it. Gives what to tell the person.
 * Throws DbError, and std::system_error when the log directory cannot be read.
 */
[[nodiscard]] std::string prune(Instance& instance, bool dry_run);

}  // namespace spider_check
