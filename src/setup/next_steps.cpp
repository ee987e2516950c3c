#include "setup/next_steps.hpp"

#include <utility>

#include "os/tail.hpp"
#include "render/sentences.hpp"
#include "render/zone.hpp"

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

/** In a crontab a % ends the command. */
std::string crontab_word(const std::string& text) {
  std::string word;
  for (const char c : shell_word(text)) word += c == '%' ? "\\%" : std::string(1, c);
  return render::printable(word);
}

}  // namespace

std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_not_of(
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                          "0123456789_-./:@%+=,") == std::string::npos;
  if (plain) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? R"('\'')" : std::string(1, c);
  return word + "'";
}

std::string next_steps(const NewSetup& setup, const config::Environment& environment) {
  const auto program = (os::program_folder() / "spider-check").string();
  const auto scrapy = setup.scrapy.empty()
                          ? std::string("not found: name it as command in [scrapy]")
                          : setup.scrapy.string();
  return "Wrote " + render::printable(setup.file.string()) + "\n" +
         fact("Project", setup.project.string()) + fact("Scrapy", scrapy) +
         fact("Spiders", spider_names(setup)) + fact("Database", database(setup.database)) +
         "\nWhat to do next\n" + steps(setup, environment) +
         "\nThen let cron start it every five minutes, with this line in `crontab -e`:\n"
         "  */5 * * * * " +
         crontab_word(program) + " -q -c " + crontab_word(setup.file.string()) +
         "\nor, for the whole machine, a systemd timer: README.md shows how.\n";
}

}  // namespace spider_check::setup
