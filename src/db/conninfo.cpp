#include "db/conninfo.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace spider_check::db {

namespace {

/** Everything but letters and digits as %XX: no character is left that means something. */
std::string encoded(const std::string& value) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      text += c;
    } else {
      text += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return text;
}

std::string to_milliseconds(Duration duration) {
  return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

std::optional<std::string> parameter(const ConnectionOptions& options, const char* key) {
  const auto found = options.parameters.find(key);
  if (found == options.parameters.end()) return std::nullopt;
  return found->second;
}

/** libpq tries one after the other. */
std::int64_t host_count(const ConnectionOptions& options) {
  const auto addresses = parameter(options, "hostaddr");
  const auto hosts = addresses ? *addresses : parameter(options, "host").value_or("");
  return 1 + std::count(hosts.begin(), hosts.end(), ',');
}

// libpq takes 1 s for 2 s, and 0 for ever.
constexpr std::int64_t shortest_connect_timeout = 2;

/**
 * Where there are several, a host that is silent leaves time for the next. A single one is given up
 * by connect_limit(), on time and in plain words, and not by libpq, which counts whole seconds.
 */
std::string seconds_for_one_host(const ConnectionOptions& options) {
  using std::chrono::seconds;
  const auto hosts = host_count(options);
  const auto given = hosts > 1 ? std::chrono::floor<seconds>(options.connect_timeout / hosts)
                               : std::chrono::ceil<seconds>(options.connect_timeout) + seconds(1);
  return std::to_string(std::max<std::int64_t>(shortest_connect_timeout, given.count()));
}

/** What the connection string says itself, in which it is the limit of one host. */
std::optional<std::chrono::seconds> configured_for_one_host(const ConnectionOptions& options) {
  const auto text = parameter(options, "connect_timeout");
  if (!text) return std::nullopt;
  int seconds = 0;
  const auto* end = text->data() + text->size();
  const auto [at, error] = std::from_chars(text->data(), end, seconds);
  if (error != std::errc{} || at != end || seconds <= 0) return std::nullopt;
  return std::chrono::seconds(std::max<std::int64_t>(shortest_connect_timeout, seconds));
}

}  // namespace

std::string conninfo(const ConnectionOptions& options, const std::string& name,
                     OwnSettings settings) {
  auto parameters = options.parameters;
  const auto set_default = [&](const char* key, std::string value) {
    parameters.try_emplace(key, std::move(value));
  };
  set_default("connect_timeout", seconds_for_one_host(options));
  // A server that vanished without a word is noticed, during a statement and between two.
  set_default("tcp_user_timeout", to_milliseconds(2 * options.statement_timeout));
  set_default("keepalives_idle", "30");
  set_default("keepalives_interval", "10");
  set_default("keepalives_count", "3");
  parameters["application_name"] = name;
  parameters["client_encoding"] = "UTF8";

  auto& session_options = parameters["options"];
  if (session_options.empty()) session_options = options.inherited_options;
  if (settings == OwnSettings::yes) {
    if (!session_options.empty()) session_options += ' ';
    // Notices (a table that is there already, …) would go to stderr by themselves.
    session_options += "-c client_min_messages=warning -c statement_timeout=" +
                       to_milliseconds(options.statement_timeout);
  }

  // A URL, and not keyword = 'value': SOCI takes the string apart at each space, quoted or not.
  std::string text = "postgresql:///";
  char separator = '?';
  for (const auto& [key, value] : parameters) {
    text += std::exchange(separator, '&') + key + "=" + encoded(value);
  }
  return text;
}

Duration connect_limit(const ConnectionOptions& options) {
  const auto configured = configured_for_one_host(options);
  return configured ? Duration(*configured * host_count(options)) : options.connect_timeout;
}

std::string place_of(const ConnectionOptions& options) {
  std::string place;
  for (const auto* key : {"host", "hostaddr", "port"}) {
    const auto value = parameter(options, key);
    if (!value || value->empty()) continue;
    place += (place.empty() ? "" : " ") + std::string(key) + "=" + *value;
  }
  return place;
}

}  // namespace spider_check::db
