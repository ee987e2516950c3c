#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/environment.hpp"

namespace spider_check {

/** A configuration, and where it came from. */
struct Loaded {
  Config config;
  std::optional<fs::path> file;          ///< empty: there is none, which is fine
  std::optional<fs::path> dotenv{};      ///< the .env file that was read, too
  std::optional<fs::path> credential{};  ///< the file that the password is from
};

/** A person's own directory for configurations; it need not be there. */
[[nodiscard]] fs::path user_directory(const Environment& environment);

/** Where a configuration file is looked for, the first that exists; -c and the environment aside.
 */
[[nodiscard]] std::vector<fs::path> default_files(const Environment& environment);

/** The closest directory with a scrapy.cfg, this or one above it, as Scrapy looks; empty: none. */
[[nodiscard]] fs::path closest_project(fs::path directory);

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
