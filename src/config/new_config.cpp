#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>

#include "config/apply.hpp"
#include "config/init.hpp"
#include "config/new_config_text.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

constexpr std::size_t comment_column = 41;

/** A TOML text. Throws UsageError for bytes that are not UTF-8. */
std::string quoted(const std::string& text) {
  std::string letters;
  std::string result;
  for (const char c : text) {
    if (std::iscntrl(static_cast<unsigned char>(c)) != 0) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      letters += c;
      result += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
    }
  }
  TerminalText shown;
  if (shown.add(letters) + shown.finish() == letters) return "\"" + result + "\"";
  throw UsageError(text + ": a configuration cannot hold this name, which is no plain UTF-8; " +
                   "rename the directory");
}

/** The template with what is known in the place of %its name%. */
std::string filled_in(std::string_view text, const std::map<std::string_view, std::string>& known) {
  std::string result;
  bool is_name = false;
  for (const auto& piece : split(text, '%')) {
    result += std::exchange(is_name, !is_name) ? known.at(piece) : piece;
  }
  return result;
}

/** Comments, which are behind a tab, stand below each other. */
std::string in_columns(const std::string& text) {
  std::string result;
  for (const auto& line : lines_of(text)) {
    const auto tab = std::min(line.find('\t'), line.size());
    result += line.substr(0, tab);
    if (tab < line.size()) {
      result.append(comment_column - std::min(comment_column - 2, tab), ' ');
      result += "# " + line.substr(tab + 1);
    }
    result += '\n';
  }
  return result;
}

std::string database_comment(const DatabaseVariables& database) {
  if (database.names.empty()) {
    return "# Where PostgreSQL is. A password belongs into ~/.pgpass, a password_file, or a .env "
           "file\n"
           "# beside this one (DB_PASSWORD=…), and not in here.";
  }
  const auto names = "# Where PostgreSQL is: " + join(database.names, ", ") + "\n";
  if (database.always_read) {
    return names + "# say it, in the .env file beside this one, so no url is needed here.";
  }
  return names + "# say it, from " + database.where +
         ", so no url is needed here.\n"
         "# What cron and systemd start does not get them: write them into a .env file beside "
         "this\n"
         "# one, or a url here.";
}

void add_database_names(const Lookup& settings, std::vector<std::string>& names) {
  for (const std::string_view name : setting_variables) {
    if (name.starts_with("DB_") && settings(name)) names.emplace_back(name);
  }
  for (const auto& [parameter, variable] : libpq_variables) {
    if (settings(variable)) names.emplace_back(variable);
  }
}

/** Those of a directory's .env file. */
DatabaseVariables in_dotenv(const fs::path& directory, bool always_read) {
  const auto file = directory / ".env";
  DatabaseVariables found{{}, file.string(), always_read};
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return found;
  add_database_names(settings_of(read_dotenv(file)), found.names);
  return found;
}

}  // namespace

DatabaseVariables find_database_variables(const fs::path& directory,
                                          const Environment& environment) {
  if (auto found = in_dotenv(directory, true); !found.names.empty()) return found;
  if (auto found = in_dotenv(environment.working_directory, false); !found.names.empty()) {
    return found;
  }
  DatabaseVariables found{{}, "the environment", false};
  add_database_names(settings_of(environment), found.names);
  return found;
}

std::string env_text(const std::vector<std::pair<std::string, std::string>>& environment) {
  const auto entry = [](const auto& each) { return each.first + " = " + quoted(each.second); };
  return "env = { " + join(environment, ", ", entry) + " }";
}

std::string new_config_text(const NewConfig& config) {
  const bool found = !config.scrapy.empty();
  const auto spider = config.spider.empty() ? "news" : config.spider;
  const auto& name = config.name;
  const auto& environment = config.environment;
  const std::map<std::string_view, std::string> known = {
      {"name",
       (name.empty() ? "#name = " : "name = ") + quoted(name.empty() ? Config{}.name : name)},
      {"database", database_comment(config.database)},
      {"project", quoted(config.project.string())},
      {"command",
       "command = [" + quoted(found ? config.scrapy.string() : "scrapy") +
           (found ? "]\tthe Scrapy that runs it" : "]\tnone was found: name the one that runs it")},
      {"env", environment.empty() ? "#" + env_text({{"PROXY", "http://proxy:3128"}})
                                  : env_text(environment)},
      {"spider", quoted(spider)},
      {"spider_uk", quoted(spider + "_uk")},
  };
  return "# What spider-check runs, how often, and where that is recorded.\n"
         "# A key behind a # has its default, or is an example: take the # away to set it.\n"
         "# `spider-check check` tries all of it, and says what is wrong.\n\n" +
         in_columns(filled_in(new_config, known));
}

}  // namespace spider_check
