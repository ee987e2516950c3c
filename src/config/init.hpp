#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/command_line.hpp"
#include "config/environment.hpp"
#include "config/findings.hpp"
#include "config/new_config.hpp"

namespace spider_check {

/** What `init` found and wrote. */
struct NewSetup {
  std::filesystem::path file;  ///< the configuration
  std::filesystem::path project;
  std::filesystem::path scrapy;      ///< empty: not found
  std::vector<std::string> spiders;  ///< by name
  std::string why_no_spiders;        ///< empty: they were listed, or nothing could list them
  DatabaseVariables database;
  std::string hint{};       ///< what to do so that there is another Scrapy; or empty
  Variables environment{};  ///< what Scrapy reads of it
};

/** What was written, and what a person does next, in this order. */
[[nodiscard]] std::string next_steps(const NewSetup& setup, const Environment& environment,
                                     const std::filesystem::path& account_home);

/**
 * Finds a Scrapy project and writes a configuration for it, into a file that did not exist. Gives
 * what to print: what was found and what to do next, or the configuration itself. Throws
 * UsageError when there is no project or more than one, and when the file cannot be written.
 */
[[nodiscard]] std::string init(const InitCommand& command, const Environment& environment);

}  // namespace spider_check
