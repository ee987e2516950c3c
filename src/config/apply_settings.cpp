#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>

#include "config/apply.hpp"
#include "config/toml_table.hpp"
#include "core/errors.hpp"
#include "core/time.hpp"

namespace spider_check::config {

namespace fs = std::filesystem;

namespace {

std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

[[noreturn]] void refuse(const Setting& setting, const std::string& wanted) {
  throw UsageError(setting.place + ": expected " + wanted + ", found \"" + setting.value + "\"");
}

bool to_bool(const Setting& setting) {
  const auto text = lower(setting.value);
  for (const auto* yes : {"true", "1", "yes", "on"}) {
    if (text == yes) return true;
  }
  for (const auto* no : {"false", "0", "no", "off"}) {
    if (text == no) return false;
  }
  refuse(setting, "true or false");
}

/** Hours, whole or with a fraction; the limits are those of the file's interval. */
Duration to_hours(const Setting& setting) {
  double hours = 0;
  const auto* end = setting.value.data() + setting.value.size();
  const auto [at, error] = std::from_chars(setting.value.data(), end, hours);
  const bool is_number = error == std::errc{} && at == end && std::isfinite(hours);
  if (!is_number || hours * 3600 < 1 || hours > 10'000 * 24.0) {
    refuse(setting, "a number of hours, like 4 or 0.5");
  }
  return std::chrono::round<Duration>(std::chrono::duration<double, std::ratio<3600>>(hours));
}

int to_instances(const Setting& setting) {
  int number = 0;
  const auto* end = setting.value.data() + setting.value.size();
  const auto [at, error] = std::from_chars(setting.value.data(), end, number);
  if (error != std::errc{} || at != end || number < 1 || number > 100) {
    refuse(setting, "a whole number from 1 to 100");
  }
  return number;
}

void apply_database(const Lookup& settings, ConnectionOptions& database) {
  static constexpr std::pair<const char*, const char*> variables[] = {{"DB_HOST", "host"},
                                                                      {"DB_PORT", "port"},
                                                                      {"DB_NAME", "dbname"},
                                                                      {"DB_USER", "user"},
                                                                      {"DB_PASSWORD", "password"}};
  for (const auto& [variable, parameter] : variables) {
    const auto setting = settings(variable);
    if (!setting) continue;
    if (std::string_view(parameter) == "port") check_port(setting->value, setting->place);
    database.parameters[parameter] = setting->value;
    database.sources[parameter] = source_of(setting->place);
  }
}

// The zones of the IANA database without a slash; most of them are old names.
constexpr std::string_view single_names[] = {
    "CET",      "CST6CDT",  "Cuba",    "EET",    "EST",       "EST5EDT", "Egypt",     "Eire",
    "GB",       "GB-Eire",  "GMT",     "GMT+0",  "GMT-0",     "GMT0",    "Greenwich", "HST",
    "Hongkong", "Iceland",  "Iran",    "Israel", "Jamaica",   "Japan",   "Kwajalein", "Libya",
    "MET",      "MST",      "MST7MDT", "NZ",     "NZ-CHAT",   "Navajo",  "PRC",       "PST8PDT",
    "Poland",   "Portugal", "ROC",     "ROK",    "Singapore", "Turkey",  "UCT",       "Universal",
    "W-SU",     "WET",      "Zulu"};
constexpr std::string_view areas[] = {"Africa", "America",  "Antarctica", "Arctic",
                                      "Asia",   "Atlantic", "Australia",  "Etc",
                                      "Europe", "Indian",   "Pacific"};
constexpr std::string_view old_areas[] = {"Brazil",  "Canada", "Chile", "Mexico",
                                          "SystemV", "US",     "posix", "right"};

template <std::size_t count>
bool holds(const std::string_view (&names)[count], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/** The names that Debian 13 has in a package of their own, as far as their form tells. */
bool is_old_name(std::string_view name) {
  const auto area = name.substr(0, name.find('/'));
  return area == name ? holds(single_names, name) : holds(old_areas, area);
}

/** Whether a host with all zones would know it, as far as its form tells. */
bool is_zone_elsewhere(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return holds(single_names, name);
  const auto is_part = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '+' ||
           c == '/';
  };
  const auto place = name.substr(slash + 1);
  if (place.empty() || !std::isupper(static_cast<unsigned char>(place.front()))) return false;
  if (!std::all_of(place.begin(), place.end(), is_part) || place.back() == '/') return false;
  return holds(areas, name.substr(0, slash)) || holds(old_areas, name.substr(0, slash));
}

/** Without the zone database nothing but UTC can be known. */
bool is_known_here(const std::string& name) {
  const char* named = std::getenv("TZDIR");
  const fs::path zones = named != nullptr && *named == '/' ? named : "/usr/share/zoneinfo";
  std::error_code ignored;
  const bool plain = name.front() != '/' && name.find("..") == std::string::npos;
  return name == "UTC" || (plain && fs::is_regular_file(zones / name, ignored));
}

/** Where the database itself is missing, or only the old names in it. */
std::string package_of(const std::string& name) {
  if (is_known_here("Etc/UTC")) return "tzdata-legacy, which has old names, or correct the name";
  return is_old_name(name) ? "tzdata, and tzdata-legacy for this old name" : "tzdata";
}

}  // namespace

std::string source_of(const std::string& place) {
  const auto end = place.rfind(": ");
  const auto where = place.substr(0, end);
  return place.substr(end + 2) + " of " + (where == "environment" ? "the environment" : where);
}

void apply_settings(const Lookup& settings, Config& config) {
  if (const auto setting = settings("SCHEDULER_ENABLED")) {
    config.policy.enabled = to_bool(*setting);
  }
  if (const auto setting = settings("SCHEDULER_INTERVAL_HOURS")) {
    config.policy.interval = to_hours(*setting);
  }
  if (const auto setting = settings("SCHEDULER_TIMEZONE")) {
    set_timezone(setting->value, setting->place, config);
  }
  if (const auto setting = settings("SCHEDULER_MAX_INSTANCES")) {
    config.max_instances = to_instances(*setting);
  }
  apply_database(settings, config.database);
}

void apply_libpq_settings(const Lookup& settings, ConnectionOptions& database) {
  for (const auto& [parameter, variable] : libpq_variables) {
    const auto setting = settings(variable);
    if (!setting) continue;
    check_parameter(parameter, setting->value, setting->place);
    database.parameters[parameter] = setting->value;
    database.sources[parameter] = source_of(setting->place);
  }
}

void set_timezone(const std::string& name, const std::string& place, Config& config) {
  if (!is_known_here(name) && !is_zone_elsewhere(name)) {
    throw UsageError(place + ": \"" + name +
                     "\" is not a time zone that this host knows; expected one like "
                     "\"America/Bogota\" (the Debian package tzdata has them)");
  }
  config.timezone = name;
  config.places["timezone"] = place;
}

void use_known_timezone(Config& config) {
  auto& name = config.timezone;
  if (name.empty() || is_known_here(name)) return;
  config.warnings.push_back(
      config.places["timezone"] + ": this host does not know the time zone \"" + name +
      "\", so times are in UTC; install the Debian package " + package_of(name));
  name = "UTC";
}

using namespace std::chrono_literals;

namespace {

// A run's program waits no longer for a receiver.
constexpr Duration max_timeout = 30s;

/** "example.org" of "https://me:secret@example.org:8080/path" */
std::string_view host_of(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  url = url.substr(0, url.find_first_of("/?#"));
  url.remove_prefix(url.rfind('@') + 1);  // from none on when there is none
  if (url.starts_with('[')) return url.substr(0, url.find(']') + 1);
  return url.substr(0, url.find(':'));
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

/** Its messages never show the URL, which is as good as a password. */
void check_url(const std::string& url, const std::string& place, bool allow_http) {
  const bool plain = url.starts_with("http://");
  if ((!plain && !url.starts_with("https://")) || host_of(url).empty()) {
    throw UsageError(place + ": is no URL; write it like https://example.org/…");
  }
  if (std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; })) {
    throw UsageError(place + ": holds a blank or a control character; take it out");
  }
  if (plain && !allow_http && !is_loopback(host_of(url))) {
    throw UsageError(place +
                     ": http:// shows the URL and what is sent to everybody on the way; use "
                     "https://, or say allow_http = true in [notify]");
  }
}

/** The URL of a channel; the file that it is in is added to `secrets`. */
std::string read_url(TomlTable table, const fs::path& file, bool allow_http,
                     std::vector<SecretFile>& secrets) {
  const auto url_file = table.text("url_file");
  auto url = table.text("url");
  const auto* key = url_file ? "url_file" : "url";
  const auto place = table.place(key);
  if (url && url_file) throw UsageError(place + ": there is a url, too; give one of them");
  if (!url && !url_file) {
    throw UsageError(table.place() + ": has no url; add url = \"https://…\" or url_file = \"…\"");
  }
  const auto secret = url_file ? absolute(file.parent_path(), *url_file) : file;
  if (url_file) url = read_secret(secret, place, "URL");
  check_url(*url, place, allow_http);
  secrets.push_back({secret, "a secret URL"});
  table.finish();
  return *url;
}

void read_policy(TomlTable& table, NotifyConfig& notify) {
  auto& policy = notify.policy;
  if (const auto runs = table.number("after_failures", 1, 100)) policy.after_failures = *runs;
  if (const auto stale = table.boolean("stale")) policy.stale = *stale;
  policy.stale_after = table.duration("stale_after", 0s);
  if (const auto degraded = table.boolean("degraded")) policy.degraded = *degraded;
  const auto timeout = table.duration("timeout", 1s);
  if (timeout && *timeout > max_timeout) {
    throw UsageError(table.place("timeout") + ": is longer than " + to_text(max_timeout) +
                     "; no receiver may need longer");
  }
  if (timeout) notify.channels.timeout = *timeout;
}

}  // namespace

std::vector<SecretFile> apply_notify(TomlTable table, const fs::path& file, Config& config) {
  auto& notify = config.notify;
  auto& channels = notify.channels;
  std::vector<SecretFile> secrets;
  read_policy(table, notify);
  if (const auto path = table.text("ca_file")) {
    channels.ca_file = absolute(file.parent_path(), *path).string();
  }
  const bool allow_http = table.boolean("allow_http").value_or(false);
  if (auto program = table.table("program")) {
    auto command = read_command(*program, file.parent_path());
    if (!command) {
      throw UsageError(program->place() +
                       R"(: has no command; add command = ["/path/to/program"])");
    }
    channels.program = std::move(*command);
    notify.program_place = program->place("command");
    program->finish();
  }
  if (auto webhook = table.table("webhook")) {
    channels.webhook = read_url(*webhook, file, allow_http, secrets);
  }
  if (auto ping = table.table("ping")) {
    channels.ping = read_url(*ping, file, allow_http, secrets);
  }
  table.finish();
  // One warning is enough.
  if (secrets.size() == 2 && secrets[0].path == secrets[1].path) secrets.pop_back();
  return secrets;
}

}  // namespace spider_check::config

// [spiders] and [spiders."NAME OR GLOB"].

namespace spider_check::config {

namespace {

/** What execve(2) can hold as a variable. */
void check_variables(const std::vector<std::pair<std::string, std::string>>& variables,
                     const std::string& place) {
  for (const auto& [name, value] : variables) {
    if (!name.empty() && name.find('=') == std::string::npos) continue;
    throw UsageError(place + ": \"" + name +
                     "\" is not a valid name of a variable; write it like " +
                     R"(env = { PROXY = "http://proxy:3128" })");
  }
}

/** Where each key is that the table has. */
Places places_in(const TomlTable& table) {
  Places places;
  for (const auto* key : {"timeout", "stall_timeout", "grace", "nice", "min_items", "max_errors",
                          "min_items_ratio", "max_time_ratio", "optional_fields", "finish_reasons",
                          "ignore_status", "max_dead_pages", "ignore_errors", "check_sql",
                          "check_url", "min_rows", "working_directory", "arguments", "env"}) {
    if (table.has(key)) places[key] = table.place(key);
  }
  return places;
}

SpiderRules read_rules(TomlTable& table, const std::filesystem::path& base) {
  SpiderRules rules;
  rules.places = places_in(table);
  rules.timeout = table.duration("timeout", 0s);
  rules.stall_timeout = table.duration("stall_timeout", 0s);
  rules.grace = table.duration("grace", 0s);
  rules.nice = table.number("nice", -20, 19);
  rules.min_items = table.number("min_items", 0, 1'000'000'000);
  rules.max_errors = table.number("max_errors", 0, 1'000'000'000);
  rules.min_items_ratio = table.ratio("min_items_ratio");
  rules.max_time_ratio = table.multiple("max_time_ratio");
  rules.optional_fields = table.texts("optional_fields");
  rules.finish_reasons = table.texts("finish_reasons");
  rules.ignore_status = table.numbers("ignore_status", 400, 599);
  rules.max_dead_pages = table.number("max_dead_pages", 0, 1'000'000'000);
  rules.ignore_errors = table.texts("ignore_errors");
  rules.check_sql = table.text("check_sql");
  if (const auto url = table.text("check_url")) {
    rules.check_url = parse_url(*url, table.place("check_url"));
  }
  rules.min_rows = table.number("min_rows", 0, 1'000'000'000);
  rules.arguments = table.texts("arguments");
  if (const auto directory = table.text("working_directory")) {
    rules.working_directory = absolute(base, *directory);
  }
  if (auto variables = table.pairs("env")) {
    check_variables(*variables, table.place("env"));
    rules.environment = std::move(*variables);
  }
  return rules;
}

}  // namespace

void apply_spiders(TomlTable table, const std::filesystem::path& base, Config& config) {
  config.spiders = read_rules(table, base);
  for (auto& [pattern, inner] : table.other_tables()) {
    config.overrides.push_back({pattern, read_rules(inner, base), inner.place()});
    inner.finish();
  }
  table.finish();
}

std::optional<std::filesystem::path> apply_credential(const Environment& environment,
                                                      ConnectionOptions& database) {
  const auto directory = environment.get(credentials_variable);
  if (!directory || environment.get("PGPASSWORD") || environment.get("DB_PASSWORD")) {
    return std::nullopt;
  }
  auto file = std::filesystem::path(*directory) / "database-password";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  const auto text = read_text(file);
  const auto password = text.substr(0, text.find('\n'));
  if (password.empty()) return std::nullopt;
  database.parameters["password"] = password;
  database.sources["password"] = file.string();
  return file;
}

}  // namespace spider_check::config
