#include "db/conninfo.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <optional>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "db/refusal.hpp"
#include "util/text.hpp"

namespace spider_check {

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
  const auto addresses = parameter(options, "hostaddr").value_or("");
  const auto hosts = addresses.empty() ? parameter(options, "host").value_or("") : addresses;
  return 1 + std::ranges::count(hosts, ',');
}

// libpq takes 1 s for 2 s, and 0 for ever.
constexpr std::int64_t shortest_connect_timeout = 2;

/**
 * Of several, a silent host leaves time for the next. A single one is given up by connect_limit().
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
  const auto seconds = parse_number<int>(*text).value_or(0);
  if (seconds <= 0) return std::nullopt;
  return std::chrono::seconds(std::max<std::int64_t>(shortest_connect_timeout, seconds));
}

/** Not a socket's directory, an address, or the default. */
bool is_name(const std::string& host) {
  in6_addr address{};
  return !host.empty() && host.front() != '/' && host.front() != '@' &&
         ::inet_pton(AF_INET, host.c_str(), &address) != 1 && host.find(':') == std::string::npos;
}

/** Empty when it has none, or when they are this very host, which does not keep silent. */
std::vector<std::string> addresses_of(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, &::freeaddrinfo);
  std::vector<std::string> addresses;
  bool is_this_host = true;
  for (const auto* one = found; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) != 0) {
      return {};
    }
    addresses.emplace_back(text.data());
    is_this_host = is_this_host && (addresses.back() == "127.0.0.1" || addresses.back() == "::1");
  }
  return is_this_host ? std::vector<std::string>{} : addresses;
}

}  // namespace

bool has_names(const ConnectionOptions& options) {
  if (!parameter(options, "hostaddr").value_or("").empty()) return false;
  const auto hosts = split(parameter(options, "host").value_or(""), ',');
  return std::ranges::any_of(hosts, is_name);
}

ConnectionOptions with_addresses(const ConnectionOptions& options) {
  const auto hosts = split(parameter(options, "host").value_or(""), ',');
  const auto ports = split(parameter(options, "port").value_or(""), ',');
  std::string names;
  std::string addresses;
  std::string each_port;
  bool first = true;
  const auto append = [&first](std::string& list, const std::string& part) {
    list += (first ? "" : ",") + part;
  };
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    auto found = is_name(hosts[i]) ? addresses_of(hosts[i]) : std::vector<std::string>{};
    if (found.empty()) found.emplace_back();
    for (const auto& address : found) {
      append(names, hosts[i]);
      append(addresses, address);
      append(each_port, ports.size() == hosts.size() ? ports[i] : ports.front());
      first = false;
    }
  }
  auto result = options;
  result.parameters["host"] = names;
  if (addresses.find_first_not_of(',') != std::string::npos) {
    result.parameters["hostaddr"] = addresses;
  }
  if (ports.size() > 1) result.parameters["port"] = each_port;
  return result;
}

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

SilentStderr::SilentStderr() noexcept
    : file_(Adopt{}, ::memfd_create("stderr", MFD_CLOEXEC)),
      stderr_(Adopt{}, file_ ? ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1) {
  // Without descriptors to spare it stays as it was.
  if (stderr_) ::dup2(file_.get(), STDERR_FILENO);
}

SilentStderr::~SilentStderr() {
  if (stderr_) ::dup2(stderr_.get(), STDERR_FILENO);
}

std::vector<std::string> SilentStderr::messages() const {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 1; file_ && got > 0;) {
    got = ::pread(file_.get(), buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
    text.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  }
  return messages_in(text);
}

std::vector<std::string> messages_in(const std::string& text) {
  std::vector<std::string> messages;
  for (const auto& written : lines_of(text)) {
    auto line = one_line(written);
    const bool goes_on = written.starts_with(' ') || written.starts_with('\t') ||
                         line.starts_with("DETAIL: ") || line.starts_with("HINT: ");
    for (const std::string_view label : {"WARNING: ", "DETAIL: ", "HINT: "}) {
      if (line.starts_with(label)) line.erase(0, label.size());
    }
    if (line.empty()) continue;
    if (goes_on && !messages.empty()) {
      messages.back() += "; " + line;
    } else {
      messages.push_back(std::move(line));
    }
  }
  return messages;
}

std::string warning_of(const PGresult* notice) {
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  std::string text;
  if (severity == nullptr) return one_line(PQresultErrorMessage(notice));  // libpq's own
  if (std::string_view(severity) != "WARNING") return text;
  for (const int field : {PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT}) {
    const char* value = PQresultErrorField(notice, field);
    if (value != nullptr) text += (text.empty() ? "" : "; ") + one_line(value);
  }
  return text;
}

}  // namespace spider_check
