#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace spider_check {

namespace fs = std::filesystem;

using Words = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

/** What a tick does that cannot use the database. */
enum class OnDatabaseError {
  run,   ///< decides from the journal: missing a run is worse than an extra one
  skip,  ///< runs nothing
};

/** How a key is written. */
enum class OptionType {
  boolean,
  number,
  numbers,
  count,
  port,
  duration,
  size,
  ratio,     ///< from 0 to 1
  multiple,  ///< from 1 on, or 0
  text,
  zone,
  list,
  command,    ///< argv, of at least `min` words
  pairs,      ///< names with texts, numbers or booleans
  variables,  ///< pairs whose names an environment can hold
  path,
  url,
  choice,
};

/** One row of config/options.toml. */
struct Option {
  const char* key;
  OptionType type;
  std::int64_t min = 0;
  std::int64_t max = 0;            ///< 0: none; durations are in microseconds
  const char* variable = nullptr;  ///< of the environment, and of a .env file
  const char* needed = nullptr;    ///< what to do where the key is missing
  const char* example = nullptr;   ///< of a command or variables
  Words choices{};
  bool of_crawls = false;  ///< crawls are judged by it
  bool of_rows = false;    ///< spiders with a check_sql are
  bool column = false;     ///< `check` has a column for it
};

}  // namespace spider_check
