#include "config/init.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "config/findings.hpp"
#include "config/load.hpp"
#include "os/files.hpp"
#include "schedule/sentences.hpp"
#include "scrapy/find_project.hpp"
#include "scrapy/project.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

/** What `init` found and wrote. */
struct NewSetup {
  fs::path file;  ///< the configuration
  fs::path project;
  fs::path scrapy;                   ///< empty: not found
  std::vector<std::string> spiders;  ///< by name
  std::string why_no_spiders;        ///< empty: they were listed, or nothing could list them
  DatabaseVariables database;
  std::string hint{};       ///< what to do so that there is another Scrapy; or empty
  Variables environment{};  ///< what Scrapy reads of it
};

std::string fact(std::string name, const std::string& text) {
  name.resize(12, ' ');
  return "  " + name + printable(text) + "\n";
}

std::string spider_names(const NewSetup& setup) {
  if (!setup.why_no_spiders.empty()) return setup.why_no_spiders;
  if (setup.spiders.empty()) return "not known without Scrapy";
  return std::to_string(setup.spiders.size()) + ": " + name_list(setup.spiders);
}

std::string database(const DatabaseVariables& database) {
  if (database.names.empty()) return "not known: set url in [database], or DB_… in a .env file";
  return join(database.names, ", ") + " of " + database.where +
         (database.always_read ? "" : ", which cron and systemd do not have");
}

/** Scrapy's part of it, which the configuration now has. */
std::string environment_of(const NewSetup& setup) {
  const auto names = join(setup.environment, ", ", [](const auto& each) { return each.first; });
  return names.empty() ? "" : fact("", "with " + names + " of this shell, as env in [spiders]");
}

/** A command, with the configuration where it would not be found by itself. */
std::string typed(const NewSetup& setup, const Environment& environment,
                  const std::string& command) {
  const bool found = setup.file == environment.working_directory / "spider-check.toml";
  return "spider-check " + command +
         (found ? "" : " -c " + printable(shell_word(setup.file.string())));
}

std::string steps(const NewSetup& setup, const Environment& environment) {
  static constexpr std::pair<const char*, const char*> commands[] = {
      {"migrate", "prepares the database, once"},
      {"check", "tries everything, and says what is wrong"},
      {"--force", "runs all spiders now"}};
  const auto width = typed(setup, environment, "--force").size();  // no other is longer
  std::string text;
  for (const auto& [command, what] : commands) {
    auto line = typed(setup, environment, command);
    line.resize(width, ' ');
    text += "  " + line + "  # " + what + "\n";
  }
  return text;
}

/** As `init --cron` prints it; what is wrong with the configuration is for `check` to say. */
std::string line_for_cron(const NewSetup& setup, const Environment& environment) {
  try {
    const auto loaded = load(setup.file.string(), environment);
    return crontab_line(cron_job(loaded, environment, account_home()));
  } catch (const UsageError&) {
    return crontab_line({program_directory() / "spider-check", setup.file});
  }
}

/** What was written, and what to do next. */
std::string next_steps(const NewSetup& setup, const Environment& environment) {
  const auto scrapy = setup.scrapy.empty()
                          ? std::string("not found: name it as command in [scrapy]")
                          : setup.scrapy.string();
  return "Wrote " + printable(setup.file.string()) + "\n" +
         fact("Project", setup.project.string()) + fact("Scrapy", scrapy) +
         (setup.hint.empty() ? "" : fact("", setup.hint)) + environment_of(setup) +
         fact("Spiders", spider_names(setup)) + fact("Database", database(setup.database)) +
         "\nWhat to do next\n" + steps(setup, environment) +
         "\nThen let cron start it every five minutes:\n  (crontab -l; " +
         typed(setup, environment, "init --cron") + ") | crontab -\nThis adds the line\n  " +
         printable(line_for_cron(setup, environment)) +
         "\nor, with systemd, when it is ~/.config/spider-check/config.toml (init -o):\n"
         "  systemctl --user enable --now spider-check.timer\n";
}

constexpr auto list_timeout = std::chrono::seconds(30);

fs::path existing_directory(const fs::path& directory) {
  std::error_code error;
  auto path = fs::canonical(directory, error);
  if (!error && fs::is_directory(path)) return path;
  throw UsageError(directory.lexically_normal().string() + ": " +
                   (error ? error.message() : "it is not a directory") +
                   "; name a directory that exists");
}

fs::path only_project(const fs::path& top) {
  const auto projects = find_projects(top);
  if (projects.size() == 1) return projects.front();
  if (auto above = closest_project(top); projects.empty() && !above.empty()) return above;
  if (projects.empty()) {
    throw UsageError(
        "there is no scrapy.cfg in " + top.string() + " or up to " +
        std::to_string(max_project_depth) +
        " directories below it, nor in one above; name another directory: spider-check init "
        "DIRECTORY, or, for programs that are no Scrapy project, write [[spider]] by hand as "
        "`man spider-check.toml` shows");
  }
  const auto names = join(projects, ", ", [](const auto& project) { return project.string(); });
  throw UsageError("there is more than one Scrapy project: " + names +
                   "; name one of them: spider-check init DIRECTORY");
}

/** The only directory that init makes; any other that is not there is likely a slip. */
void make_user_directory(const fs::path& directory, const Environment& environment) {
  if (directory.lexically_normal() != user_directory(environment).lexically_normal()) return;
  std::error_code error;
  fs::create_directories(directory, error);  // existing_directory() says what is wrong
}

/** The file to write, in a directory that exists. */
fs::path target(const InitCommand& command, const fs::path& project,
                const Environment& environment) {
  if (!command.output) return project / "spider-check.toml";
  const auto path = environment.working_directory / *command.output;
  if (!path.has_filename()) {
    throw UsageError("-o: " + *command.output + " is a directory; name the file to write in it");
  }
  make_user_directory(path.parent_path(), environment);
  return existing_directory(path.parent_path()) / path.filename();
}

[[noreturn]] void refuse_existing(const fs::path& file) {
  throw UsageError(file.string() +
                   " exists, and is not overwritten; name another file with -o FILE, or print the "
                   "configuration with --stdout");
}

/** As a file in `directory` names it: a project elsewhere by its whole path. */
fs::path seen_from(const fs::path& directory, const fs::path& project) {
  const auto relative = project.lexically_relative(directory);
  return relative.empty() || *relative.begin() == ".." ? project : relative;
}

/** The names of the project's spiders; none, and why, when they cannot be listed. */
void list_spiders(const fs::path& project, NewSetup& setup) {
  if (setup.scrapy.empty()) return;
  ProjectOptions options;
  options.directory = project;
  options.command = {setup.scrapy.string()};
  options.list_timeout = list_timeout;
  try {
    for (const auto& job : Project(options).list().jobs) setup.spiders.push_back(job.name);
  } catch (const ListingError& error) {
    setup.why_no_spiders = error.what();
  }
}

/** One that can stand in an example as it is. */
std::string plain_name(const std::vector<std::string>& names) {
  const auto is_plain = [](const std::string& name) {
    return name.find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
               "_-.") == std::string::npos;
  };
  const auto found = std::ranges::find_if(names, is_plain);
  return found == names.end() ? "" : *found;
}

void write(const fs::path& file, const std::string& text) {
  try {
    write_new_file(file, text);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::file_exists) refuse_existing(file);
    throw UsageError(std::string(error.what()) + "; name another file with -o FILE");
  }
}

}  // namespace

std::string init(const InitCommand& command, const Environment& environment) {
  const auto top = existing_directory(environment.working_directory / command.directory);
  NewSetup setup;
  setup.project = only_project(top);
  setup.file = target(command, setup.project, environment);
  if (!command.to_stdout && fs::exists(fs::symlink_status(setup.file))) refuse_existing(setup.file);
  const auto scrapy = find_scrapy(setup.project, top);
  setup.scrapy = scrapy.path;
  setup.hint = scrapy.hint;
  setup.environment = scrapy_variables(environment);
  setup.database = find_database_variables(setup.file.parent_path(), environment);
  list_spiders(setup.project, setup);
  auto text = new_config_text({seen_from(setup.file.parent_path(), setup.project), setup.scrapy,
                               plain_name(setup.spiders), setup.database,
                               setup.project.filename().string(), setup.environment});
  if (command.to_stdout) return text;
  write(setup.file, text);
  return next_steps(setup, environment);
}

}  // namespace spider_check
