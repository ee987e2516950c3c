#include "config/apply.hpp"

#include <algorithm>
#include <fstream>
#include <type_traits>

#include "config/spider_rules.hpp"
#include "config/toml_table.hpp"
#include "util/errors.hpp"

namespace spider_check {

namespace {

void note_sources(const TomlTable& table, ConnectionOptions& database) {
  for (const auto& [parameter, value] : database.parameters) {
    std::string key = parameter == "dbname" ? "name" : parameter;
    if (key == "password" && table.has("password_file")) key = "password_file";
    database.sources[parameter] =
        source_of(table.place(table.has(key.c_str()) ? key.c_str() : "url"));
  }
}

/** Gives the file with the password, if there is one. */
std::optional<SecretFile> read_database(TomlTable table, const fs::path& file,
                                        ConnectionOptions& database) {
  visit_database([&](const Option& option, auto reference) {
    std::remove_reference_t<decltype(reference(database))> value{};
    if (!table.read(option, value)) return;
    auto& to = reference(database);
    if constexpr (std::is_same_v<decltype(value), std::string>) {
      if (!to.empty() && option.type == OptionType::text) {
        throw UsageError(table.place(option.key) + ": the url has one too; give it in one place");
      }
    }
    to = std::move(value);
  });
  table.finish();
  auto& parameters = database.parameters;
  const bool has_password = parameters.contains("password");
  auto secret = has_password ? std::optional(SecretFile{file}) : std::nullopt;
  if (const auto& password_file = database.password_file; !password_file.empty()) {
    const auto place = table.place("password_file");
    if (has_password) throw UsageError(place + ": there is a password, too; give one of them");
    parameters["password"] = read_secret(password_file, place, "password");
    secret = SecretFile{password_file};
  }
  note_sources(table, database);
  return secret;
}

void read_scrapy(TomlTable table, Config& config) {
  auto& scrapy = config.scrapy.emplace();
  table.read_all(visit_scrapy, scrapy, config.places, "scrapy.");
  const auto wanted = scrapy.project / "scrapy.cfg";
  std::error_code ignored;
  if (!fs::exists(wanted, ignored)) {
    throw UsageError(table.place("project") + ": there is no " + wanted.string() +
                     "; name the directory that holds scrapy.cfg");
  }
  table.finish();
}

/** A table that is a spider, whose name no other has. */
template <typename Spider, typename Section>
Spider read_spider(TomlTable& table, const Section& section, const char* place,
                   const Config& config) {
  Spider spider;
  Places places;
  table.read_all(section, spider, places, "");
  const auto is_it = [&](const auto& other) { return other.name == spider.name; };
  if (std::ranges::any_of(config.crawls, is_it) || std::ranges::any_of(config.programs, is_it)) {
    throw UsageError(places["name"] + ": another spider has the name \"" + spider.name +
                     "\"; give each its own");
  }
  table.finish();
  spider.place = places[place];
  return spider;
}

void read_spiders(TomlTable& top, Config& config) {
  for (auto& table : top.tables("crawl")) {
    config.crawls.push_back(read_spider<CrawlConfig>(table, visit_crawl, "spider", config));
    if (config.scrapy) continue;
    throw UsageError(table.place() +
                     ": there is no [scrapy] whose spider it could be; say where the project is");
  }
  for (auto& table : top.tables("spider")) {
    config.programs.push_back(read_spider<ProgramConfig>(table, visit_spider, "command", config));
  }
}

void read_rules(TomlTable table, Config& config) {
  const auto read = [](TomlTable& from, SpiderRules& rules) {
    from.read_all(visit_spiders, rules, rules.places, "");
  };
  read(table, config.spiders);
  for (auto& [pattern, inner] : table.other_tables()) {
    read(inner, config.overrides.emplace_back(SpiderOverride{pattern, {}, inner.place()}).rules);
    inner.finish();
  }
  table.finish();
}

/** Whether a check_url holds one. */
bool has_password(const Config& config) {
  const auto all = all_rules(config);
  return std::ranges::any_of(all, [](const SpiderRules* rules) {
    return rules->check_url && rules->check_url->contains("password");
  });
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
  TomlTable top(name, "", parsed);
  top.read_all(visit_schedule, config, config.places, "");
  std::vector<SecretFile> secrets;
  if (auto table = top.table("database")) {
    auto secret = read_database(*table, file, config.database);
    if (secret) secrets.push_back(*std::move(secret));
  }
  if (auto table = top.table("report")) table->read_whole(visit_report, config, "report.");
  if (auto table = top.table("metrics")) table->read_whole(visit_metrics, config, "metrics.");
  if (auto table = top.table("scrapy")) read_scrapy(*table, config);
  read_spiders(top, config);
  if (auto table = top.table("notify")) {
    for (auto& secret : apply_notify(*table, file, config)) secrets.push_back(std::move(secret));
  }
  if (auto table = top.table("spiders")) read_rules(*table, config);
  if (secrets.empty() && has_password(config)) secrets.push_back({file});
  top.finish();
  return secrets;
}

}  // namespace spider_check
