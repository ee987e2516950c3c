#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/command_line.hpp"
#include "config/environment.hpp"
#include "config/new_config.hpp"
#include "setup/findings.hpp"

namespace spider_check::setup {

/** What `init` found and wrote. */
struct NewSetup {
  std::filesystem::path file;  ///< the configuration
  std::filesystem::path project;
  std::filesystem::path scrapy;      ///< empty: not found
  std::vector<std::string> spiders;  ///< by name
  std::string why_no_spiders;        ///< empty: they were listed, or nothing could list them
  config::DatabaseVariables database;
  std::string hint{};       ///< what to do so that there is another Scrapy; or empty
  Variables environment{};  ///< what Scrapy reads of it
};

/** What was written, and what a person does next, in this order. */
[[nodiscard]] std::string next_steps(const NewSetup& setup, const config::Environment& environment,
                                     const std::filesystem::path& account_home);

/**
 * Finds a Scrapy project and writes a configuration for it, into a file that did not exist. Gives
 * what to print: what was found and what to do next, or the configuration itself. Throws
 * UsageError when there is no project or more than one, and when the file cannot be written.
 */
[[nodiscard]] std::string init(const config::InitCommand& command,
                               const config::Environment& environment);

}  // namespace spider_check::setup
