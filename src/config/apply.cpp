#include "config/apply.hpp"

#include <algorithm>
#include <fstream>

#include "config/toml_table.hpp"
#include "core/errors.hpp"

namespace spider_check::config {

using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

/** Assigns what was read, if anything was. */
template <typename T, typename U>
void take_value(T& target, std::optional<U> value) {
  if (value) target = std::move(*value);
}

/** A word with a slash in it is a path; any other is looked up in PATH. */
std::vector<std::string> resolve(std::vector<std::string> command, const fs::path& base) {
  auto& program = command.front();
  if (program.find('/') != std::string::npos) program = absolute(base, program).string();
  return command;
}

/** "run" or "skip". */
std::optional<OnDatabaseError> read_on_database_error(TomlTable& table) {
  const auto* key = "on_database_error";
  const auto word = table.text(key);
  if (!word) return std::nullopt;
  if (*word == "run") return OnDatabaseError::run;
  if (*word == "skip") return OnDatabaseError::skip;
  throw UsageError(table.place(key) + ": expected \"run\" or \"skip\", found \"" + *word + "\"");
}

void read_schedule(TomlTable& table, const fs::path& base, Config& config) {
  auto& policy = config.policy;
  take_value(config.name, table.text("name"));
  take_value(policy.enabled, table.boolean("enabled"));
  take_value(policy.interval, table.duration("interval", 1s));
  if (const auto zone = table.text("timezone")) {
    set_timezone(*zone, table.place("timezone"), config);
  }
  take_value(config.max_instances, table.number("max_instances", 1, 100));
  take_value(config.concurrency, table.number("concurrency", 1, 1000));
  take_value(config.run_timeout, table.duration("run_timeout", 0s));
  take_value(config.keep, table.duration("keep", 1h));
  take_value(config.log_size, table.size("log_size"));
  take_value(policy.max_attempts, table.number("max_attempts", 1, 100));
  take_value(policy.retry_after, table.duration("retry_after", 0s));
  take_value(policy.slack, table.duration("slack", 0s));
  take_value(config.takeover_after, table.duration("takeover_after", 1min));
  if (const auto directory = table.text("state_dir")) config.state_dir = absolute(base, *directory);
  if (const auto directory = table.text("log_dir")) config.log_dir = absolute(base, *directory);
  for (const auto* key : {"name", "slack", "retry_after", "run_timeout", "precheck",
                          "precheck_max_age", "state_dir", "log_dir"}) {
    if (table.has(key)) config.places[key] = table.place(key);
  }
}

/** What becomes of a tick that finds the world not ready. */
void read_obstacles(TomlTable& table, const fs::path& base, Config& config) {
  take_value(config.on_database_error, read_on_database_error(table));
  take_value(config.wake_wait, table.duration("wake_wait", 0s));
  take_value(config.precheck_max_age, table.duration("precheck_max_age", 1s));
  auto command = table.texts("precheck");
  if (!command || command->empty()) return;
  if (command->front().empty()) {
    throw UsageError(table.place("precheck") +
                     R"(: names no program; write it like ["nm-online", "-q"])");
  }
  config.precheck = resolve(std::move(*command), base);
}

/** [report] */
void read_report(TomlTable table, const fs::path& base, Config& config) {
  if (const auto path = table.text("path")) {
    config.report_path = absolute(base, *path);
    config.places["report.path"] = table.place("path");
  }
  table.finish();
}

void note_sources(const TomlTable& table, ConnectionOptions& database) {
  for (const auto& [parameter, value] : database.parameters) {
    std::string key = parameter == "dbname" ? "name" : parameter;
    if (key == "password" && table.has("password_file")) key = "password_file";
    database.sources[parameter] =
        source_of(table.place(table.has(key.c_str()) ? key.c_str() : "url"));
  }
}

/** Gives the password_file, where one is named. */
std::optional<fs::path> read_database(TomlTable table, const fs::path& base,
                                      ConnectionOptions& database) {
  auto& parameters = database.parameters;
  const auto url = table.text("url");
  if (url) parameters = parse_url(*url, table.place("url"));
  const std::pair<const char*, const char*> parts[] = {
      {"host", "host"}, {"name", "dbname"}, {"user", "user"}, {"password", "password"}};
  for (const auto& [key, parameter] : parts) {
    const auto value = table.text(key);
    if (value && url && parameters.contains(parameter)) {
      throw UsageError(table.place(key) + ": the url has one too; give it in one place");
    }
    if (value) parameters[parameter] = *value;
  }
  if (const auto port = table.number("port", 1, 65535)) parameters["port"] = std::to_string(*port);
  std::optional<fs::path> password_file;
  if (const auto file = table.text("password_file")) {
    const auto place = table.place("password_file");
    if (parameters.contains("password")) {
      throw UsageError(place + ": there is a password, too; give one of them");
    }
    password_file = absolute(base, *file);
    parameters["password"] = read_secret(*password_file, place, "password");
  }
  take_value(database.connect_timeout, table.duration("connect_timeout", 1s));
  take_value(database.statement_timeout, table.duration("statement_timeout", 100ms));
  note_sources(table, database);
  table.finish();
  return password_file;
}

void read_metrics(TomlTable table, const fs::path& base, Config& config) {
  if (const auto path = table.text("path")) {
    config.metrics = absolute(base, *path);
    config.places["metrics.path"] = table.place("path");
  }
  table.finish();
}

ScrapyConfig read_scrapy(TomlTable table, const fs::path& base) {
  ScrapyConfig scrapy;
  const auto project = table.text("project");
  if (!project) {
    throw UsageError(table.place() +
                     ": has no project; say where scrapy.cfg is, like project = "
                     "\"/srv/jobs\"");
  }
  scrapy.project = absolute(base, *project);
  std::error_code ignored;
  if (!fs::exists(scrapy.project / "scrapy.cfg", ignored)) {
    throw UsageError(table.place("project") + ": there is no " +
                     (scrapy.project / "scrapy.cfg").string() +
                     "; name the directory that holds scrapy.cfg");
  }
  for (const auto* key : {"project", "command", "settings"}) {
    if (table.has(key)) scrapy.places[key] = table.place(key);
  }
  take_value(scrapy.command, read_command(table, base));
  take_value(scrapy.include, table.texts("include"));
  take_value(scrapy.exclude, table.texts("exclude"));
  take_value(scrapy.settings, table.pairs("settings"));
  take_value(scrapy.list_timeout, table.duration("list_timeout", 1s));
  table.finish();
  return scrapy;
}

/** The name of a table that is a spider, which no other has. */
std::string read_name(TomlTable& table, const Config& config) {
  const auto name = table.text("name");
  if (!name) throw UsageError(table.place() + ": has no name; add name = \"…\"");
  const auto is_it = [&](const auto& other) { return other.name == *name; };
  if (std::any_of(config.crawls.begin(), config.crawls.end(), is_it) ||
      std::any_of(config.programs.begin(), config.programs.end(), is_it)) {
    throw UsageError(table.place("name") + ": another spider has the name \"" + *name +
                     "\"; give each its own");
  }
  return *name;
}

CrawlConfig read_crawl(TomlTable& table, const Config& config) {
  CrawlConfig crawl;
  crawl.name = read_name(table, config);
  const auto spider = table.text("spider");
  if (!spider) {
    throw UsageError(table.place() + ": \"" + crawl.name +
                     "\" has no spider; name one of the project, like spider = \"books\"");
  }
  if (!config.scrapy) {
    throw UsageError(table.place() +
                     ": there is no [scrapy] whose spider it could be; say where "
                     "the project is");
  }
  crawl.spider = *spider;
  crawl.place = table.place("spider");
  take_value(crawl.arguments, table.pairs("arguments"));
  table.finish();
  return crawl;
}

ProgramConfig read_program(TomlTable& table, const fs::path& base, const Config& config) {
  ProgramConfig program;
  program.name = read_name(table, config);
  auto command = read_command(table, base);
  if (!command) {
    throw UsageError(table.place() + ": \"" + program.name +
                     R"(" has no command; add command = ["/path/to/program"])");
  }
  program.command = std::move(*command);
  program.place = table.place("command");
  table.finish();
  return program;
}

/** Whether a check_url holds one. */
bool has_password(const Config& config) {
  const auto holds = [](const SpiderRules& rules) {
    return rules.check_url && rules.check_url->contains("password");
  };
  return holds(config.spiders) ||
         std::any_of(config.overrides.begin(), config.overrides.end(),
                     [&](const SpiderOverride& table) { return holds(table.rules); });
}

toml::table parse(const fs::path& file) {
  try {
    return toml::parse(read_text(file), file.string());
  } catch (const toml::parse_error& error) {
    throw UsageError(file.string() + ":" + std::to_string(error.source().begin.line) + ": " +
                     std::string(error.description()) + "; the file must be valid TOML");
  }
}

}  // namespace

std::optional<std::vector<std::string>> read_command(TomlTable& table, const fs::path& base) {
  auto command = table.texts("command");
  if (!command) return std::nullopt;
  if (command->empty() || command->front().empty()) {
    throw UsageError(table.place("command") +
                     R"(: names no program; write it like ["/usr/local/bin/fetch", "--all"])");
  }
  return resolve(std::move(*command), base);
}

std::string read_secret(const fs::path& file, const std::string& place, const std::string& what) {
  std::ifstream stream(file);
  std::string secret;
  std::error_code ignored;
  if (fs::is_directory(file, ignored) || !std::getline(stream, secret)) {
    throw UsageError(place + ": cannot read " + file.string() +
                     "; name a file whose first line is the " + what);
  }
  return secret;
}

fs::path absolute(const fs::path& base, const std::string& path) {
  const auto normal = (base / path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();  // "." leaves a slash at the end
}

std::vector<SecretFile> apply_file(const fs::path& file, Config& config) {
  const auto parsed = parse(file);
  const auto name = file.string();
  const auto base = file.parent_path();
  TomlTable top(name, "", parsed);
  read_schedule(top, base, config);
  read_obstacles(top, base, config);
  std::vector<SecretFile> secrets;
  if (auto table = top.table("database")) {
    const auto password_file = read_database(*table, base, config.database);
    if (config.database.parameters.contains("password")) {
      secrets.push_back({password_file.value_or(file)});
    }
  }
  if (auto table = top.table("report")) read_report(*table, base, config);
  if (auto table = top.table("metrics")) read_metrics(*table, base, config);
  if (auto table = top.table("scrapy")) config.scrapy = read_scrapy(*table, base);
  for (auto& table : top.tables("crawl")) config.crawls.push_back(read_crawl(table, config));
  for (auto& table : top.tables("spider")) {
    config.programs.push_back(read_program(table, base, config));
  }
  if (auto table = top.table("notify")) {
    for (auto& secret : apply_notify(*table, file, config)) secrets.push_back(std::move(secret));
  }
  if (auto table = top.table("spiders")) apply_spiders(*table, base, config);
  if (secrets.empty() && has_password(config)) secrets.push_back({file});
  top.finish();
  return secrets;
}

}  // namespace spider_check::config
