#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "config/apply.hpp"
#include "config/toml_table.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

template <std::size_t count>
bool holds(const std::string_view (&names)[count], std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

[[noreturn]] void refuse(const Setting& setting, const std::string& wanted) {
  throw UsageError(setting.place + ": expected " + wanted + ", found \"" + setting.value + "\"");
}

void take(const Setting& setting, const Option& /*option*/, bool& to) {
  const auto text = lower(setting.value);
  static constexpr std::string_view yes[] = {"true", "1", "yes", "on"};
  static constexpr std::string_view no[] = {"false", "0", "no", "off"};
  to = holds(yes, text);
  if (!to && !holds(no, text)) refuse(setting, "true or false");
}

/** Hours, whole or with a fraction. */
void take(const Setting& setting, const Option& option, Duration& to) {
  const std::chrono::duration<double, std::ratio<3600>> hours(
      parse_number<double>(setting.value).value_or(-1));
  // parse_duration() refuses longer ones; NaN is not within the limits either.
  if (!(hours >= Duration(option.min) && hours <= std::chrono::hours(10'000 * 24))) {
    refuse(setting, "a number of hours, like 4 or 0.5");
  }
  to = std::chrono::round<Duration>(hours);
}

void take(const Setting& setting, const Option& option, int& to) {
  const auto number = parse_number<int>(setting.value);
  if (!number || *number < option.min || *number > option.max) {
    refuse(setting, fmt::format("a whole number from {} to {}", option.min, option.max));
  }
  to = *number;
}

void take(const Setting& setting, const Option& option, std::string& to) {
  if (option.type == OptionType::port) check_port(setting.value, setting.place);
  if (option.type == OptionType::zone) check_zone(setting.value, setting.place);
  to = setting.value;
}

/** Applies the variables of one section of options.toml. */
template <typename Section, typename To>
void apply_section(const Section& section, const Lookup& settings, To& to, Places& places) {
  section([&](const Option& option, auto reference) {
    using Value = std::remove_reference_t<decltype(reference(to))>;
    if constexpr (requires(Value value) { take(Setting{}, option, value); }) {
      const auto setting = option.variable ? settings(option.variable) : std::nullopt;
      if (!setting) return;
      take(*setting, option, reference(to));
      places[option.key] = setting->place;
    }
  });
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
  if (!std::ranges::all_of(place, is_part) || place.back() == '/') return false;
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

/** "example.org" of "https://me:secret@example.org:8080/path" */
std::string_view host_of(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  url = url.substr(0, url.find_first_of("/?#"));
  url.remove_prefix(url.rfind('@') + 1);  // from none on when there is none
  if (url.starts_with('[')) return url.substr(0, url.find(']') + 1);
  return url.substr(0, url.find(':'));
}

/** Its messages never show the URL, which is as good as a password. */
void check_url(const std::string& url, const std::string& place, bool allow_http) {
  const bool plain = url.starts_with("http://");
  if ((!plain && !url.starts_with("https://")) || host_of(url).empty()) {
    throw UsageError(place + ": is no URL; write it like https://example.org/…");
  }
  if (std::ranges::any_of(url, [](unsigned char c) { return c <= ' ' || c == 0x7f; })) {
    throw UsageError(place + ": holds a blank or a control character; take it out");
  }
  static constexpr std::string_view loopback[] = {"localhost", "127.0.0.1", "[::1]"};
  if (plain && !allow_http && !holds(loopback, host_of(url))) {
    throw UsageError(place +
                     ": http:// shows the URL and what is sent to everybody on the way; use "
                     "https://, or say allow_http = true in [notify]");
  }
}

/** The URL of a channel; the file that it is in is added to `secrets`. */
template <typename Section>
std::string read_url(const Section& section, TomlTable table, const fs::path& file, bool allow_http,
                     std::vector<SecretFile>& secrets) {
  ReceiverKeys keys;
  Places places;
  table.read_all(section, keys, places, "");
  table.finish();
  const bool from_file = !keys.url_file.empty();
  if (from_file && !keys.url.empty()) {
    throw UsageError(places["url_file"] + ": there is a url, too; give one of them");
  }
  if (!from_file && keys.url.empty()) {
    throw UsageError(table.place() + ": has no url; add url = \"https://…\" or url_file = \"…\"");
  }
  const auto& place = places[from_file ? "url_file" : "url"];
  if (from_file) keys.url = read_secret(keys.url_file, place, "URL");
  check_url(keys.url, place, allow_http);
  secrets.push_back({from_file ? keys.url_file : file, "a secret URL"});
  return keys.url;
}

}  // namespace

std::string source_of(const std::string& place) {
  const auto end = place.rfind(": ");
  const auto where = place.substr(0, end);
  return place.substr(end + 2) + " of " + (where == "environment" ? "the environment" : where);
}

void apply_settings(const Lookup& settings, Config& config) {
  apply_section(visit_schedule, settings, config, config.places);
  Places places;
  apply_section(visit_database, settings, config.database, places);
  for (const auto& [key, place] : places) {
    config.database.sources[key == "name" ? "dbname" : key] = source_of(place);
  }
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

void check_zone(const std::string& name, const std::string& place) {
  if (is_known_here(name) || is_zone_elsewhere(name)) return;
  throw UsageError(place + ": \"" + name +
                   "\" is not a time zone that this host knows; expected one like "
                   "\"America/Bogota\" (the Debian package tzdata has them)");
}

void use_known_timezone(Config& config) {
  auto& name = config.timezone;
  if (name.empty() || is_known_here(name)) return;
  config.warnings.push_back(
      config.places["timezone"] + ": this host does not know the time zone \"" + name +
      "\", so times are in UTC; install the Debian package " + package_of(name));
  name = "UTC";
}

std::vector<SecretFile> apply_notify(TomlTable table, const fs::path& file, Config& config) {
  auto& channels = config.notify.channels;
  std::vector<SecretFile> secrets;
  table.read_all(visit_notify, config, config.places, "notify.");
  if (auto program = table.table("program")) {
    program->read_whole(visit_notify_program, config, "notify.program.");
  }
  if (auto webhook = table.table("webhook")) {
    channels.webhook = read_url(visit_notify_webhook, *webhook, file, channels.allow_http, secrets);
  }
  if (auto ping = table.table("ping")) {
    channels.ping = read_url(visit_notify_ping, *ping, file, channels.allow_http, secrets);
  }
  table.finish();
  // One warning is enough.
  if (secrets.size() == 2 && secrets[0].path == secrets[1].path) secrets.pop_back();
  return secrets;
}

std::optional<fs::path> apply_credential(const Environment& environment,
                                         ConnectionOptions& database) {
  const auto directory = environment.get(credentials_variable);
  if (!directory || environment.get("PGPASSWORD") || environment.get("DB_PASSWORD")) {
    return std::nullopt;
  }
  auto file = fs::path(*directory) / "database-password";
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return std::nullopt;
  const auto text = read_text(file);
  const auto password = text.substr(0, text.find('\n'));
  if (password.empty()) return std::nullopt;
  database.parameters["password"] = password;
  database.sources["password"] = file.string();
  return file;
}

}  // namespace spider_check
