#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "util/option.hpp"

namespace spider_check {

/** The world around the program, as far as configuration reads it; a test makes one by hand. */
struct Environment {
  std::map<std::string, std::string, std::less<>> variables;
  fs::path working_directory;
  fs::path home;  ///< $HOME, else what the user database says; empty: none

  /** Empty for a variable that is not set or empty: an empty value counts as none. */
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
};

/** Where systemd puts what it hands to a service alone; what the service starts has no use for it.
 */
inline constexpr const char* credentials_variable = "CREDENTIALS_DIRECTORY";

/** The real one. */
[[nodiscard]] Environment read_environment();

/** The home directory that the user database names, whatever $HOME says; empty: it names none. */
[[nodiscard]] fs::path account_home();

/** A value with the place that it was read from, for messages: "DB_PORT" or "/srv/.env:3: DB_PORT".
 */
struct Setting {
  std::string place;
  std::string value;
};

/** Looks up a setting of one source by its name, the environment's or a .env file's. */
using Lookup = std::function<std::optional<Setting>(std::string_view name)>;

/** The environment as a source of settings; it outlives what this gives. */
[[nodiscard]] Lookup settings_of(const Environment& environment);

/** Named settings of a .env file. */
using Settings = std::map<std::string, Setting, std::less<>>;

/** They as a source; an empty value counts as none. */
[[nodiscard]] Lookup settings_of(Settings settings);

/**
 * Reads NAME=VALUE lines, with `export`, comments, and quotes that may close in a later line. Other
 * lines are for other programs. Throws UsageError for a file that cannot be read, and for a
 * variable of ours with an open quote or a NUL.
 */
[[nodiscard]] Settings read_dotenv(const fs::path& file);

/** The whole of a text file. Throws UsageError that names it. */
[[nodiscard]] std::string read_text(const fs::path& file);

}  // namespace spider_check
