#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/environment.hpp"

namespace spider_check {

/** A file that holds what others must not read. */
struct SecretFile {
  fs::path path;
  std::string what = "a password";
};

/** Applies a TOML file, and gives the files with secrets in it. Throws UsageError. */
[[nodiscard]] std::vector<SecretFile> apply_file(const fs::path& file, Config& config);

/** One warning for each file with a secret that others than its owner can get at. */
[[nodiscard]] std::vector<std::string> warn_of_open_secrets(const std::vector<SecretFile>& files);

/** A path that a file names: a relative one is relative to the file's directory. */
[[nodiscard]] fs::path absolute(const fs::path& base, const std::string& path);

/** "KEY of SOURCE" for a place "SOURCE: KEY". */
[[nodiscard]] std::string source_of(const std::string& place);

class TomlTable;

/** Applies [notify]; gives the files with the URLs, which are secrets. Throws UsageError. */
[[nodiscard]] std::vector<SecretFile> apply_notify(TomlTable table, const fs::path& file,
                                                   Config& config);

/** The first line of a file with a secret. Throws UsageError that starts with `place`. */
[[nodiscard]] std::string read_secret(const fs::path& file, const std::string& place,
                                      const std::string& what);

/** Applies the variables that installations set: SCHEDULER_… and DB_…. Throws UsageError. */
void apply_settings(const Lookup& settings, Config& config);

/** Applies libpq's own variables, PG…, where libpq itself does not see them: from a .env file. */
void apply_libpq_settings(const Lookup& settings, ConnectionOptions& database);

/**
 * Leaves parameters to libpq's own variables, but for those that must be known before it connects.
 * Throws UsageError for a value that libpq would refuse.
 */
void yield_to_libpq(const Environment& environment, ConnectionOptions& database);

/**
 * Applies systemd's credential database-password and gives its file, unless a variable has a
 * password. Throws UsageError.
 */
[[nodiscard]] std::optional<fs::path> apply_credential(const Environment& environment,
                                                       ConnectionOptions& database);

/** Parses a URL or keyword string. Throws UsageError, which never shows the password. */
[[nodiscard]] std::map<std::string, std::string> parse_url(const std::string& url,
                                                           const std::string& place);

/** Throws UsageError for a value that libpq would refuse at each connection. */
void check_parameter(const std::string& parameter, const std::string& value,
                     const std::string& place);

/** Throws UsageError, with the parameter's place, where there are not as many ports as hosts. */
void check_hosts(const std::map<std::string, std::string>& parameters,
                 const std::function<std::string(const char* parameter)>& place_of);

/** Throws UsageError unless this host knows the time zone, or may only lack it. */
void check_zone(const std::string& name, const std::string& place);

/** Where this host does not know the time zone, takes UTC in its place, with a warning. */
void use_known_timezone(Config& config);

/** Throws UsageError unless the text is a port number, or several. show: in the message. */
void check_port(const std::string& text, const std::string& place, bool show = true);

}  // namespace spider_check
