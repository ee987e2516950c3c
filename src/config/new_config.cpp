#include "config/new_config.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "config/apply.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace spider_check::config {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t comment_column = 41;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/** A TOML text. Throws UsageError for bytes that are no UTF-8. */
std::string quoted(const std::string& text) {
  auto letters = text;
  std::erase_if(letters, is_control);
  TerminalText shown;
  if (shown.add(letters) + shown.finish() != letters) {
    throw UsageError(text + ": a configuration cannot hold this name, which is no plain UTF-8; " +
                     "rename the directory");
  }
  std::string result = "\"";
  for (const char c : text) {
    std::array<char, 8> escaped{};
    if (is_control(c)) {
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(c));
      result += escaped.data();
    } else {
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
  }
  return result + "\"";
}

std::string line(std::string setting, const std::string& comment) {
  if (comment.empty()) return setting + "\n";
  setting.append(comment_column - std::min(comment_column - 2, setting.size()), ' ');
  return setting + "# " + comment + "\n";
}

/** A key that stands there with its default, or an example. */
std::string unset(const std::string& setting, const std::string& comment) {
  return line("#" + setting, comment);
}

std::string name_text(const std::string& name) {
  const auto* comment = "this schedule; others in the same database have other names";
  return name.empty() ? unset(R"(name = "default")", comment)
                      : line("name = " + quoted(name), comment);
}

std::string schedule_text(const std::string& name) {
  return line(R"(interval = "4h")", "how old the data may become; from start to start") +
         name_text(name) + unset("enabled = true", "false: ticks run nothing") +
         unset(R"(timezone = "America/Bogota")", "in which times are shown; default: this host's") +
         unset("concurrency = 2", "how many spiders run side by side") +
         unset(R"(run_timeout = "0s")", "for all spiders of a run together; 0s: none") +
         unset("max_attempts = 3", "of a run; only the spiders that failed are run again") +
         unset(R"(retry_after = "15m")", "until the second attempt; doubles with each") +
         unset(R"(slack = "0s")", "how much too early still counts as due") +
         unset("max_instances = 1", "how many runs may overlap when one takes too long") +
         unset(R"(takeover_after = "2m")", "how long another host's run may give no sign of life") +
         unset(R"(on_database_error = "run")", "without the database; or \"skip\": run nothing") +
         unset(R"(wake_wait = "30s")", "for the database, after the host was off or asleep") +
         unset(R"(precheck = ["nm-online", "-q"])", "puts a run off unless it exits with 0") +
         unset(R"(precheck_max_age = "1d")", "but not when the data is older than that") +
         unset(R"(keep = "90d")", "how long runs and the spiders' logs are kept") +
         unset(R"(log_size = "1GB")", "of all logs together; then the oldest go") +
         unset(R"(state_dir = "/var/lib/spider-check")", "default: ~/.local/state/spider-check") +
         unset(R"(log_dir = "/var/log/spider-check")", "default: logs/ in state_dir");
}

std::string report_text() {
  return "# A page for a browser; `spider-check report -o FILE` writes one at any time.\n" +
         unset("[report]", "") + unset(R"(path = "page.html")", "written after each run");
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string database_comment(const DatabaseVariables& database) {
  if (database.names.empty()) {
    return "# Where PostgreSQL is. A password belongs into ~/.pgpass, a password_file, or a .env "
           "file\n"
           "# beside this one (DB_PASSWORD=…), and not in here.\n";
  }
  const auto names = "# Where PostgreSQL is: " + listed(database.names) + "\n";
  if (database.always_read) {
    return names + "# say it, in the .env file beside this one, so no url is needed here.\n";
  }
  return names + "# say it, from " + database.where +
         ", so no url is needed here.\n"
         "# What cron and systemd start does not get them: write them into a .env file beside "
         "this\n"
         "# one, or a url here.\n";
}

std::string database_text(const DatabaseVariables& database) {
  return database_comment(database) + "[database]\n" +
         unset(R"(url = "postgresql://me@localhost/jobs")", "user, host, database") +
         unset(R"(connect_timeout = "5s")", "until a server that does not answer is given up") +
         unset(R"(statement_timeout = "5s")", "until a statement is given up");
}

std::string notify_text() {
  return "# Notifications: when runs fail or recover, data is stale or spiders are degraded.\n" +
         unset("[notify]", "") + unset("after_failures = 1", "how many runs in a row must fail") +
         unset("stale = true", "tell when the data is too old all the same") +
         unset(R"(stale_after = "4h")", "beyond the interval; default: as long as that") +
         unset("degraded = true", "tell which spiders are degraded") +
         unset(R"(timeout = "10s")", "for one message; a run never waits for it") +
         unset(R"(ca_file = "ca.pem")", "whom to trust; default: whom this host trusts") +
         unset("allow_http = false", "true: URLs may be plain http://, which anybody can read") +
         unset("[notify.program]", "gets JSON on its input, and SPIDER_CHECK_… variables") +
         unset(R"(command = ["/usr/local/bin/tell-me"])", "") +
         unset("[notify.webhook]", "gets JSON, by POST") +
         unset(R"(url = "https://hooks.example/me")", "a secret; or url_file: a file with it") +
         unset("[notify.ping]", "a check as of healthchecks.io, pinged at each run") +
         unset(R"(url = "https://hc.example/uuid")", "a secret; or url_file: a file with it");
}

std::string metrics_text() {
  return "# What monitoring reads.\n" + unset("[metrics]", "") +
         unset(R"(path = "spider-check.prom")", "for Prometheus, written after each run");
}

std::string scrapy_text(const NewConfig& config) {
  const bool found = !config.scrapy.empty();
  const auto command = found ? config.scrapy.string() : std::string("scrapy");
  return "# The Scrapy project: every spider that `scrapy list` finds.\n[scrapy]\n" +
         line("project = " + quoted(config.project.string()), "where scrapy.cfg is") +
         line("command = [" + quoted(command) + "]",
              found ? "the Scrapy that runs it" : "none was found: name the one that runs it") +
         unset(R"(include = ["*"])", "which spiders: names, or globs like \"news_*\"") +
         unset(R"(exclude = ["test_*"])", "and which of them not") +
         unset(R"(settings = { LOG_LEVEL = "INFO" })", "given to Scrapy as -s NAME=VALUE") +
         unset(R"(list_timeout = "2m")", "for `scrapy list`");
}

std::string spiders_text(const std::vector<std::pair<std::string, std::string>>& environment) {
  const auto* env_comment = "further variables of its environment";
  return "# What applies to every spider.\n[spiders]\n" +
         unset(R"(timeout = "1h")", "then it is stopped; 0s: never") +
         unset(R"(stall_timeout = "10m")", "without a new page, item or error; 0s: never") +
         unset(R"(grace = "60s")", "to end in order when it is stopped") +
         unset("nice = 0", "up to 19: it gives way to other programs") +
         unset("min_items = 1", "fewer: it failed; 0: it may find nothing") +
         unset("max_errors = 10", "more: it failed; default: errors only degrade it") +
         unset("min_items_ratio = 0.5", "of its usual number of items; fewer degrade it") +
         unset("max_time_ratio = 3", "so many times as long, or as short, as usual degrade it") +
         unset(R"(optional_fields = ["note"])", "item fields that may become empty") +
         unset(R"(finish_reasons = ["finished"])", "how a good crawl ends") +
         unset("ignore_status = [404]", "pages refused with these count for nothing") +
         unset("max_dead_pages = 10", "more degrade it; default: a tenth of all pages") +
         unset(R"(ignore_errors = ["asyncio"])", "by logger, or by message: \"re:PATTERN\"") +
         unset(R"(check_sql = "SELECT count(*) FROM jobs")",
               "asked after a spider; gives its rows") +
         unset(R"(check_url = "postgresql://me@db/jobs")", "where; default: as [database]") +
         unset("min_rows = 1", "fewer: it failed") +
         unset(R"(arguments = ["-a", "lang=en"])", "further words of its command line") +
         (environment.empty() ? unset(R"(env = { PROXY = "http://proxy:3128" })", env_comment)
                              : line(env_text(environment), env_comment)) +
         unset(R"(working_directory = ".")", "where it works; default: the project");
}

std::string example_text(const std::string& spider) {
  const std::string name = spider.empty() ? "news" : spider;
  return "# What is different for one spider, or for those that fit a glob like \"news_*\".\n" +
         unset("[spiders." + quoted(name) + "]", "its name") +
         unset(R"(timeout = "2h")", "any key of [spiders]") + unset("min_items = 10", "") +
         "\n# A spider once more, with arguments of its own: a name, a history and logs of its "
         "own.\n" +
         unset("[[crawl]]", "once for each") + unset("name = " + quoted(name + "_uk"), "") +
         unset("spider = " + quoted(name), "one that `scrapy list` finds") +
         unset(R"(arguments = { country = "uk" })", "given to it as -a NAME=VALUE") +
         "\n# Any other program is a spider, too.\n" + unset("[[spider]]", "once for each") +
         unset(R"(name = "rss")", "") +
         unset(R"(command = ["/usr/local/bin/fetch"])", "exit status 0 is success");
}

void add_database_names(const Lookup& settings, std::vector<std::string>& names) {
  for (const std::string_view name : setting_variables) {
    if (name.rfind("DB_", 0) == 0 && settings(std::string(name))) names.emplace_back(name);
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
  std::string text;
  for (const auto& [name, value] : environment) {
    text += (text.empty() ? "" : ", ") + name + " = " + quoted(value);
  }
  return "env = { " + text + " }";
}

std::string new_config_text(const NewConfig& config) {
  return "# What spider-check runs, how often, and where that is recorded.\n"
         "# A key behind a # has its default, or is an example: take the # away to set it.\n"
         "# `spider-check check` tries all of it, and says what is wrong.\n\n" +
         schedule_text(config.name) + "\n" + database_text(config.database) + "\n" + report_text() +
         "\n" + metrics_text() + "\n" + scrapy_text(config) + "\n" +
         spiders_text(config.environment) + "\n" + notify_text() + "\n" +
         example_text(config.spider);
}

}  // namespace spider_check::config
