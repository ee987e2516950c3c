#include "setup/next_steps.hpp"

#include <utility>

#include "config/load.hpp"
#include "core/errors.hpp"
#include "os/tail.hpp"
#include "render/sentences.hpp"
#include "render/zone.hpp"
#include "setup/cron_line.hpp"

namespace spider_check::setup {

namespace {

std::string fact(std::string name, const std::string& text) {
  name.resize(12, ' ');
  return "  " + name + render::printable(text) + "\n";
}

std::string spider_names(const NewSetup& setup) {
  if (!setup.why_no_spiders.empty()) return setup.why_no_spiders;
  if (setup.spiders.empty()) return "not known without Scrapy";
  return std::to_string(setup.spiders.size()) + ": " + render::list(setup.spiders);
}

std::string database(const config::DatabaseVariables& database) {
  if (database.names.empty()) return "not known: set url in [database], or DB_… in a .env file";
  std::string names;
  for (const auto& name : database.names) names += (names.empty() ? "" : ", ") + name;
  return names + " of " + database.where +
         (database.always_read ? "" : ", which cron and systemd do not have");
}

/** Scrapy's part of it, which the configuration now has. */
std::string environment_of(const NewSetup& setup) {
  std::string names;
  for (const auto& [name, value] : setup.environment) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "" : fact("", "with " + names + " of this shell, as env in [spiders]");
}

/** A command, with the configuration where it would not be found by itself. */
std::string typed(const NewSetup& setup, const config::Environment& environment,
                  const std::string& command) {
  const bool found = setup.file == environment.working_directory / "spider-check.toml";
  return "spider-check " + command +
         (found ? "" : " -c " + render::printable(shell_word(setup.file.string())));
}

std::string steps(const NewSetup& setup, const config::Environment& environment) {
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

/** As `init --cron` prints it; where that would find something wrong, `check` is for it to tell. */
std::string line_for_cron(const NewSetup& setup, const config::Environment& environment,
                          const std::filesystem::path& account_home) {
  try {
    const auto loaded = config::load(setup.file.string(), environment);
    return crontab_line(cron_job(loaded, environment, account_home));
  } catch (const UsageError&) {
    return crontab_line({os::program_directory() / "spider-check", setup.file});
  }
}

}  // namespace

std::string next_steps(const NewSetup& setup, const config::Environment& environment,
                       const std::filesystem::path& account_home) {
  const auto scrapy = setup.scrapy.empty()
                          ? std::string("not found: name it as command in [scrapy]")
                          : setup.scrapy.string();
  return "Wrote " + render::printable(setup.file.string()) + "\n" +
         fact("Project", setup.project.string()) + fact("Scrapy", scrapy) +
         (setup.hint.empty() ? "" : fact("", setup.hint)) + environment_of(setup) +
         fact("Spiders", spider_names(setup)) + fact("Database", database(setup.database)) +
         "\nWhat to do next\n" + steps(setup, environment) +
         "\nThen let cron start it every five minutes:\n  (crontab -l; " +
         typed(setup, environment, "init --cron") + ") | crontab -\nThis adds the line\n  " +
         render::printable(line_for_cron(setup, environment, account_home)) +
         "\nor, with systemd, when it is ~/.config/spider-check/config.toml (init -o):\n"
         "  systemctl --user enable --now spider-check.timer\n";
}

}  // namespace spider_check::setup
