#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/connection.hpp"
#include "core/decision.hpp"
#include "core/time.hpp"

namespace spider_check::config {

/** [scrapy]: a Scrapy project. */
struct ScrapyConfig {
  std::filesystem::path project;
  std::vector<std::string> command{"scrapy"};
  std::vector<std::string> include{"*"};
  std::vector<std::string> exclude;
  std::vector<std::pair<std::string, std::string>> settings;
};

/** [[spider]]: any other program. */
struct ProgramConfig {
  std::string name;
  std::vector<std::string> command;
};

/** Everything that is configured, checked whole. */
struct Config {
  std::string name = "default";
  Policy policy;
  std::string timezone;  ///< an IANA name; empty: the host's
  int max_instances = 1;
  Duration takeover_after = std::chrono::minutes(2);
  std::filesystem::path log_dir;
  ConnectionOptions database;
  std::optional<ScrapyConfig> scrapy;
  std::vector<ProgramConfig> programs;
};

}  // namespace spider_check::config
