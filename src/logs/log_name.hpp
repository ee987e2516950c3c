#pragma once

#include <compare>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "schedule/run.hpp"

namespace spider_check {

/**
 * What stands for a run in the names of its logs; the later one is the greater. A database that was
 * made anew or restored gives numbers again: its runs are a further series, so that no log of it
 * has the name, or the place in the order, of an earlier one.
 */
struct LogRun {
  RunId run = 0;
  int after = 0;   ///< counts the runs that began without the database, and so without an id of
                   ///< their own, after the run of that id; 0: the run of that id itself
  int series = 0;  ///< counts from 1; 0: any, where somebody asks for a run

  friend std::strong_ordering operator<=>(const LogRun& a, const LogRun& b) noexcept {
    return std::tie(a.series, a.run, a.after) <=> std::tie(b.series, b.run, b.after);
  }

  friend bool operator==(const LogRun&, const LogRun&) = default;
};

/** "17", "17+2", or of a further series "17.2", "17+2.2" */
[[nodiscard]] std::string to_string(const LogRun& run);

/** Reads it back, without a series as any; empty for any other text. */
[[nodiscard]] std::optional<LogRun> parse_log_run(std::string_view text);

/** Which attempt at which run a log is of; the later one is the greater. */
struct LogName {
  RunId run = 0;
  int attempt = 0;
  int after = 0;   ///< as LogRun has it
  int series = 1;  ///< likewise, but never any

  friend std::strong_ordering operator<=>(const LogName& a, const LogName& b) noexcept {
    return std::tie(a.series, a.run, a.after, a.attempt) <=>
           std::tie(b.series, b.run, b.after, b.attempt);
  }

  friend bool operator==(const LogName&, const LogName&) = default;
};

[[nodiscard]] inline LogRun run_of(const LogName& name) noexcept {
  return {name.run, name.after, name.series};
}

/**
 * Reads run-ID-attempt-N.log, run-ID+M-attempt-N.log or, of a further series, either of them with
 * .S.log, or .report of what belongs to a log; empty for any other name.
 */
[[nodiscard]] std::optional<LogName> parse_log_name(const std::filesystem::path& file);

/** run-ID-attempt-N.log, or what else parse_log_name() reads. */
[[nodiscard]] std::string to_string(const LogName& name);

/** DIRECTORY/SPIDER/run-ID-attempt-N.log; the directory is that of a schedule. */
[[nodiscard]] std::filesystem::path log_path(const std::filesystem::path& directory,
                                             std::string_view spider, const LogName& name);

}  // namespace spider_check
