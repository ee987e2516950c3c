#include "config/load.hpp"

#include <string_view>

#include "config/apply.hpp"
#include "config/spider_rules.hpp"
#include "util/errors.hpp"
#include "util/time.hpp"

namespace spider_check {

namespace {

std::optional<fs::path> find_file(const std::optional<std::string>& file,
                                  const Environment& environment) {
  const auto& here = environment.working_directory;
  if (file) return (here / *file).lexically_normal();
  if (const auto named = environment.get("SPIDER_CHECK_CONFIG")) {
    return (here / *named).lexically_normal();
  }
  for (const auto& path : default_files(environment)) {
    std::error_code ignored;
    if (fs::exists(path, ignored)) return path;
  }
  return std::nullopt;
}

/** The working directory's .env, else the one beside the configuration file. */
std::optional<fs::path> find_dotenv(const std::optional<fs::path>& file,
                                    const Environment& environment) {
  const auto in = [](const fs::path& directory) -> std::optional<fs::path> {
    std::error_code ignored;
    auto path = directory / ".env";
    return fs::is_regular_file(path, ignored) ? std::optional(std::move(path)) : std::nullopt;
  };
  const auto& here = environment.working_directory;
  if (auto found = in(here); found || !file || file->parent_path() == here) return found;
  return in(file->parent_path());
}

/** systemd lists several directories with colons; the first is the service's own. */
fs::path first_of(const std::string& list) {
  return list.substr(0, list.find(':'));
}

/** What is relative, which the specification of XDG_… forbids, counts as none. */
std::optional<fs::path> absolute_in(const Environment& environment, std::string_view name) {
  const auto path = environment.get(name);
  if (!path || path->front() != '/') return std::nullopt;
  return *path;
}

fs::path default_state_dir(const Environment& environment) {
  if (const auto directory = environment.get("STATE_DIRECTORY")) return first_of(*directory);
  if (const auto directory = absolute_in(environment, "XDG_STATE_HOME")) {
    return *directory / "spider-check";
  }
  if (!environment.home.empty()) return environment.home / ".local/state/spider-check";
  throw UsageError(
      "state_dir: this user has no home directory to keep the state in (HOME is not set to an "
      "absolute path, and the user database has no entry for the user); add state_dir = "
      "\"/var/lib/spider-check\" to the configuration, or set HOME or XDG_STATE_HOME");
}

void set_directories(Config& config, const Environment& environment) {
  auto& log_dir = config.log_dir;
  if (config.state_dir.empty()) config.state_dir = default_state_dir(environment);
  if (!log_dir.empty()) return;
  const auto directory = environment.get("LOGS_DIRECTORY");
  log_dir = directory ? first_of(*directory) : config.state_dir / "logs";
}

void check_together(const Config& config) {
  const auto& policy = config.policy;
  if (policy.slack < policy.interval) return;
  throw UsageError(place_of(config.places, "slack") + to_text(policy.slack) +
                   " is not shorter than the interval (" + to_text(policy.interval) +
                   "); every tick would run the spiders");
}

/** Of the configurations in one directory each is a schedule of its own by its name only. */
void warn_of_no_name(const fs::path& file, const Environment& environment, Config& config) {
  if (config.places.contains("name")) return;
  for (const auto& usual : default_files(environment)) {
    if (usual.filename() != "config.toml" || file.parent_path() != usual.parent_path()) continue;
    if (file == usual) continue;
    config.warnings.push_back(file.string() + ": has no name, so its schedule is \"" + config.name +
                              "\", as that of each file without one; add name = \"" +
                              file.stem().string() + "\"");
  }
}

/**
 * The file as it was named, and where it really is: a release or a ConfigMap moves that each time.
 */
std::vector<fs::path> identity_of(const std::optional<fs::path>& file,
                                  const Environment& environment) {
  if (!file) return {environment.working_directory};
  std::vector<fs::path> names{*file};
  std::error_code ignored;
  const auto real = fs::canonical(*file, ignored);
  if (!real.empty() && real != *file) names.push_back(real);
  // Before it was written, what ran here was known by the directory.
  if (file->filename() == "spider-check.toml") names.push_back(file->parent_path());
  return names;
}

/** Who set a parameter of the connection, if a variable did. */
std::string place_of_parameter(std::string_view parameter, const Lookup& environment,
                               const Lookup& dotenv) {
  for (const auto* source : {&environment, &dotenv}) {
    const auto own = parameter == "port" ? (*source)("DB_PORT") : std::nullopt;
    if (own) return own->place;
    for (const auto& [known, variable] : libpq_variables) {
      const auto setting = known == parameter ? (*source)(variable) : std::nullopt;
      if (setting) return setting->place;
    }
  }
  return "the database";
}

/** Nothing said what to run: then a person who stands in a Scrapy project means that one. */
void default_project(Config& config, const Environment& environment) {
  if (config.scrapy || !config.programs.empty()) return;
  std::error_code ignored;
  if (!fs::exists(environment.working_directory / "scrapy.cfg", ignored)) return;
  config.scrapy.emplace();
  config.scrapy->project = environment.working_directory;
}

/** As Scrapy has it: below a project is as good as in its directory. Empty: it is no matter. */
std::optional<Environment> in_project_above(const Environment& environment) {
  auto project = closest_project(environment.working_directory);
  if (project.empty() || project == environment.working_directory) return std::nullopt;
  auto there = environment;
  there.working_directory = std::move(project);
  return there;
}

}  // namespace

fs::path user_directory(const Environment& environment) {
  if (const auto user = absolute_in(environment, "XDG_CONFIG_HOME")) return *user / "spider-check";
  if (environment.home.empty()) return {};
  return environment.home / ".config/spider-check";
}

std::vector<fs::path> default_files(const Environment& environment) {
  std::vector<fs::path> files{environment.working_directory / "spider-check.toml"};
  if (const auto user = user_directory(environment); !user.empty()) {
    files.push_back(user / "config.toml");
  }
  files.emplace_back("/etc/spider-check/config.toml");
  return files;
}

std::vector<std::string> variables_set(const Environment& environment) {
  std::vector<std::string> names;
  const auto add = [&](const char* name) {
    if (environment.get(name)) names.emplace_back(name);
  };
  for (const auto* name : setting_variables) add(name);
  for (const auto& [parameter, variable] : libpq_variables) add(variable);
  return names;
}

std::string how_to_name(const Config& config) {
  const auto& file = config.identity.front();
  std::error_code ignored;
  if (fs::is_directory(file, ignored)) {
    return "write name = \"" + file.filename().string() + "\" into a configuration file";
  }
  return "set name = \"" + file.parent_path().filename().string() + "\" in " + file.string();
}

fs::path closest_project(fs::path directory) {
  std::error_code ignored;
  while (!fs::exists(directory / "scrapy.cfg", ignored)) {
    if (!directory.has_relative_path()) return {};
    directory = directory.parent_path();
  }
  return directory;
}

Loaded load(const std::optional<std::string>& file, const Environment& environment) {
  Config config;
  std::vector<SecretFile> secrets;
  const auto found = find_file(file, environment);
  if (found) {
    secrets = apply_file(*found, config);
  } else if (const auto there = in_project_above(environment)) {
    return load(file, *there);
  }
  const auto dotenv = find_dotenv(found, environment);
  const auto settings = settings_of(dotenv ? read_dotenv(*dotenv) : Settings{});
  if (dotenv) {
    // libpq's variables first, so that the program's own, which say what they are for, win.
    apply_libpq_settings(settings, config.database);
    apply_settings(settings, config);
    if (settings("DB_PASSWORD") || settings("PGPASSWORD")) secrets.push_back({*dotenv});
  }
  const auto beside = found ? found->parent_path() : environment.working_directory;
  config.database.dotenv = dotenv.value_or(beside / ".env").string();
  yield_to_libpq(environment, config.database);
  auto credential = apply_credential(environment, config.database);
  apply_settings(settings_of(environment), config);
  check_hosts(config.database.parameters, [&](const char* parameter) {
    return place_of_parameter(parameter, settings_of(environment), settings);
  });
  check_together(config);
  use_known_timezone(config);
  config.identity = identity_of(found, environment);
  set_directories(config, environment);
  default_project(config, environment);
  for (auto& warning : warn_of_open_secrets(secrets)) {
    config.warnings.push_back(std::move(warning));
  }
  if (found) warn_of_no_name(*found, environment, config);
  return {std::move(config), found, dotenv, std::move(credential)};
}

}  // namespace spider_check
