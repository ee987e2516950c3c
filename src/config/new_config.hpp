#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "config/environment.hpp"

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
[[nodiscard]] DatabaseVariables find_database_variables(const std::filesystem::path& directory,
                                                        const Environment& environment);

/** What is known of a configuration that is to be written. */
struct NewConfig {
  std::filesystem::path project;  ///< as the file is to name it
  std::filesystem::path scrapy;   ///< with its whole path; empty: not found
  std::string spider;             ///< one that there is, for an example; empty: none is known
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

}  // namespace spider_check
