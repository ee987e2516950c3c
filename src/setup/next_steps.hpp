#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/new_config.hpp"
#include "setup/sources.hpp"

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

}  // namespace spider_check::setup
