#include "db/conninfo.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
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

std::string to_whole_seconds(Duration duration) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

}  // namespace

std::string conninfo(const ConnectionOptions& options, const std::string& name) {
  auto parameters = options.parameters;
  const auto set_default = [&](const char* key, std::string value) {
    parameters.try_emplace(key, std::move(value));
  };
  // libpq takes 1 s for 2 s, and 0 for ever.
  set_default("connect_timeout", to_whole_seconds(std::max<Duration>(options.connect_timeout,
                                                                     std::chrono::seconds(2))));
  // A server that vanished without a word is noticed, during a statement and between two.
  set_default("tcp_user_timeout", to_milliseconds(2 * options.statement_timeout));
  set_default("keepalives_idle", "30");
  set_default("keepalives_interval", "10");
  set_default("keepalives_count", "3");
  parameters["application_name"] = name;
  parameters["client_encoding"] = "UTF8";

  auto& session_options = parameters["options"];
  if (session_options.empty()) session_options = options.inherited_options;
  if (!session_options.empty()) session_options += ' ';
  // Notices (a table that is there already, …) would go to stderr by themselves.
  session_options += "-c client_min_messages=warning -c statement_timeout=" +
                     to_milliseconds(options.statement_timeout);

  // A URL, and not keyword = 'value': SOCI takes the string apart at each space, quoted or not.
  std::string text = "postgresql:///";
  char separator = '?';
  for (const auto& [key, value] : parameters) {
    text += std::exchange(separator, '&') + key + "=" + encoded(value);
  }
  return text;
}

}  // namespace spider_check::db
