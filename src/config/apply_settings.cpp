#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string_view>

#include "config/apply.hpp"
#include "core/errors.hpp"

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

}  // namespace spider_check::config
