#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "config/load.hpp"

namespace spider_check {

/** What a line of a crontab starts. */
struct CronJob {
  std::filesystem::path program;
  std::filesystem::path file;         ///< the configuration
  std::filesystem::path directory{};  ///< to work in; empty: where cron starts it
  std::vector<std::pair<std::string, std::string>> variables{};  ///< that cron does not have
};

/** The line for a user's own crontab, without its end. */
[[nodiscard]] std::string crontab_line(const CronJob& job);

/**
 * The job with which cron does the same as a tick here: cron has another PATH, no variables, and
 * starts in `account_home`. Throws UsageError where that configuration would be wrong.
 */
[[nodiscard]] CronJob cron_job(const Loaded& loaded, const Environment& environment,
                               const std::filesystem::path& account_home);

/** What `init --cron` says. */
struct CronLine {
  std::string text;                   ///< the line with its end
  std::vector<std::string> warnings;  ///< what cron will lack all the same
};

/** Throws UsageError where there is no configuration, or a crontab cannot hold the line. */
[[nodiscard]] CronLine cron_line(const Loaded& loaded, const Environment& environment,
                                 const std::filesystem::path& account_home);

}  // namespace spider_check
