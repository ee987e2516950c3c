#include <cctype>
#include <charconv>
#include <cmath>

#include "config/apply.hpp"
#include "core/errors.hpp"

namespace spider_check::config {

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

}  // namespace

void apply_settings(const Lookup& settings, Config& config) {
  if (const auto setting = settings("SCHEDULER_ENABLED")) {
    config.policy.enabled = to_bool(*setting);
  }
  if (const auto setting = settings("SCHEDULER_INTERVAL_HOURS")) {
    config.policy.interval = to_hours(*setting);
  }
  if (const auto setting = settings("SCHEDULER_TIMEZONE")) {
    check_timezone(setting->value, setting->place);
    config.timezone = setting->value;
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

void check_timezone(const std::string& name, const std::string& place) {
  const auto zones = std::filesystem::path("/usr/share/zoneinfo");
  std::error_code ignored;
  const bool plain = name.front() != '/' && name.find("..") == std::string::npos;
  // Without the zone database nothing but UTC can be known.
  if (name == "UTC" || (plain && std::filesystem::is_regular_file(zones / name, ignored))) return;
  throw UsageError(place + ": \"" + name +
                   "\" is no time zone that this host knows; expected one like \"America/Bogota\" "
                   "(the Debian package tzdata has them)");
}

}  // namespace spider_check::config
