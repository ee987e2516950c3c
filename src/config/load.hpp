#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/environment.hpp"

namespace spider_check {

/** A configuration, and where it came from. */
struct Loaded {
  Config config;
  std::optional<std::filesystem::path> file;          ///< empty: there is none, which is fine
  std::optional<std::filesystem::path> dotenv{};      ///< the .env file that was read, too
  std::optional<std::filesystem::path> credential{};  ///< the file that the password is from
};

/** A person's own directory for configurations; it need not be there. */
[[nodiscard]] std::filesystem::path user_directory(const Environment& environment);

/** Where a configuration file is looked for, the first that exists; -c and the environment aside.
 */
[[nodiscard]] std::vector<std::filesystem::path> default_files(const Environment& environment);

/** The closest directory with a scrapy.cfg, this or one above it, as Scrapy looks; empty: none. */
[[nodiscard]] std::filesystem::path closest_project(std::filesystem::path directory);

/** Which variables that a configuration reads are set, in the order in which they are documented.
 */
[[nodiscard]] std::vector<std::string> variables_set(const Environment& environment);

/**
 * Finds and checks the whole configuration: environment beats .env beats file. file: of -c. Throws
 * UsageError with the place, what is wrong and what would be right.
 */
[[nodiscard]] Loaded load(const std::optional<std::string>& file, const Environment& environment);

/** What a person does who wants a schedule of its own for a configuration that was loaded. */
[[nodiscard]] std::string how_to_name(const Config& config);

}  // namespace spider_check
