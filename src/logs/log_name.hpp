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
 * A run in the names of its logs, in the order of time. A database that was made anew or restored
 * repeats ids: its runs form a new series, so that its logs neither get the names of earlier logs
 * nor come before them.
 */
struct LogRun {
  RunId run = 0;
  int after = 0;   ///< counts runs that began without the database, and so without an id, after
                   ///< the run of this id; 0: the run of this id
  int series = 0;  ///< counts from 1; 0: any series, in a request

  friend std::strong_ordering operator<=>(const LogRun& a, const LogRun& b) noexcept {
    return std::tie(a.series, a.run, a.after) <=> std::tie(b.series, b.run, b.after);
  }

  friend bool operator==(const LogRun&, const LogRun&) = default;
};

/** "17", "17+2", or of a further series "17.2", "17+2.2" */
[[nodiscard]] std::string to_string(const LogRun& run);

/** Reads such a text; without a series in it, any. Empty for other text. */
[[nodiscard]] std::optional<LogRun> parse_log_run(std::string_view text);

/** The run and attempt of a log, in the order of time. */
struct LogName {
  RunId run = 0;
  int attempt = 0;
  int after = 0;   ///< as in LogRun
  int series = 1;  ///< counts from 1

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
 * Reads run-ID-attempt-N.log or run-ID+M-attempt-N.log, with .S.log in series S from 2 on, and with
 * .report for the report of a crawl. Empty for other names.
 */
[[nodiscard]] std::optional<LogName> parse_log_name(const std::filesystem::path& file);

/** The name of the log, as parse_log_name() reads it. */
[[nodiscard]] std::string to_string(const LogName& name);

/** DIRECTORY/SPIDER/run-ID-attempt-N.log; directory: of the schedule. */
[[nodiscard]] std::filesystem::path log_path(const std::filesystem::path& directory,
                                             std::string_view spider, const LogName& name);

}  // namespace spider_check
