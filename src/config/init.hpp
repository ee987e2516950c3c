#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/command_line.hpp"
#include "config/load.hpp"
#include "util/option.hpp"

namespace spider_check {

/** Which variables say where the database is, and who has them. */
struct DatabaseVariables {
  std::vector<std::string> names;  ///< empty: none does
  std::string where;               ///< "the environment", or a file
  bool always_read = false;        ///< by every tick, whoever starts it
};

/**
 * Looks where a configuration in `directory` has them from: the .env file there, that of the
 * working directory, the environment. Throws UsageError for a .env file that cannot be read.
 */
[[nodiscard]] DatabaseVariables find_database_variables(const fs::path& directory,
                                                        const Environment& environment);

/** What is known of a configuration that is to be written. */
struct NewConfig {
  fs::path project;    ///< as the file is to name it
  fs::path scrapy;     ///< with its whole path; empty: not found
  std::string spider;  ///< one that there is, for an example; empty: none is known
  DatabaseVariables database;
  std::string name{};  ///< of the schedule; empty: the default stays
  std::vector<std::pair<std::string, std::string>> environment{};  ///< that the spiders need
};

/** env = { NAME = "VALUE" }, as [spiders] has it. Throws UsageError as new_config_text() does. */
[[nodiscard]] std::string env_text(
    const std::vector<std::pair<std::string, std::string>>& environment);

/**
 * The text of a configuration file: what is known is set, the rest has its default behind a #. It
 * never holds a password. Throws UsageError for a path that TOML cannot hold.
 */
[[nodiscard]] std::string new_config_text(const NewConfig& config);

/** What a line of a crontab starts. */
struct CronJob {
  fs::path program;
  fs::path file;         ///< the configuration
  fs::path directory{};  ///< to work in; empty: where cron starts it
  std::vector<std::pair<std::string, std::string>> variables{};  ///< that cron does not have
};

/** The line for a user's own crontab, without its end. */
[[nodiscard]] std::string crontab_line(const CronJob& job);

/**
 * The job with which cron does the same as a tick here: cron has another PATH, no variables, and
 * starts in `account_home`. Throws UsageError where that configuration would be wrong.
 */
[[nodiscard]] CronJob cron_job(const Loaded& loaded, const Environment& environment,
                               const fs::path& account_home);

/** What `init --cron` says. */
struct CronLine {
  std::string text;                   ///< the line with its end
  std::vector<std::string> warnings;  ///< what cron will lack all the same
};

/** Throws UsageError where there is no configuration, or a crontab cannot hold the line. */
[[nodiscard]] CronLine cron_line(const Loaded& loaded, const Environment& environment,
                                 const fs::path& account_home);

/** Finds a Scrapy project and writes a new file for it. Gives what to print. Throws UsageError. */
[[nodiscard]] std::string init(const InitCommand& command, const Environment& environment);

}  // namespace spider_check
