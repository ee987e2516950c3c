#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string_view>

#include <libpq-fe.h>

#include "config/apply.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

using Options = std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)>;

bool may_hold_password(const std::string& url) {
  if (url.find('@') != std::string::npos || url.find("password") != std::string::npos) return true;
  // "//me:secret" is a password whose "@host" was forgotten, and "//db:5432" a port.
  const auto authority = url.find("://");
  const auto colon = authority == std::string::npos ? authority : url.find(':', authority + 3);
  return colon != std::string::npos &&
         url.find_first_not_of("0123456789", colon + 1) != url.find_first_of("/?", colon + 1);
}

/** The values of a connection parameter that libpq takes, a blank between them. */
struct Choice {
  std::string_view parameter;
  std::string_view values;
};

constexpr std::string_view modes = "disable prefer require";
constexpr std::string_view protocols = "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3";

// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
constexpr std::array<Choice, 12> choices{{
    {"sslmode", "disable allow prefer require verify-ca verify-full"},
    {"target_session_attrs", "any read-write read-only primary standby prefer-standby"},
    {"channel_binding", modes},
    {"gssencmode", modes},
    {"ssl_min_protocol_version", protocols},
    {"ssl_max_protocol_version", protocols},
    {"sslcompression", "0 1"},
    {"sslsni", "0 1"},
    {"gssdelegation", "0 1"},
    {"sslcertmode", "disable allow require"},
    {"sslnegotiation", "postgres direct"},
    {"load_balance_hosts", "disable random"},
}};

constexpr std::array<std::string_view, 6> numbers{"connect_timeout",  "keepalives",
                                                  "keepalives_idle",  "keepalives_interval",
                                                  "keepalives_count", "tcp_user_timeout"};

/** As libpq reads it, with blanks around it. */
bool is_number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  if (text.starts_with('+')) text.remove_prefix(1);
  return parse_number<int>(text.substr(0, text.find_last_not_of(" \t") + 1)).has_value();
}

/** "a, b or c" */
std::string listed(std::string_view values) {
  auto text = join(split(values, ' '), ", ");
  const auto last = text.rfind(", ");
  return text.replace(last, 2, " or ");
}

/** Only versions of TLS are the same in capitals. */
bool is_one_of(const Choice& choice, const std::string& value) {
  const bool any_case = choice.values == protocols;
  const auto values = " " + (any_case ? lower(choice.values) : std::string(choice.values)) + " ";
  return value.find(' ') == std::string::npos &&
         values.find(" " + (any_case ? lower(value) : value) + " ") != std::string::npos;
}

/** How many a comma-separated list has; an empty one has none. */
std::ptrdiff_t length_of(const std::map<std::string, std::string>& parameters, const char* key) {
  const auto found = parameters.find(key);
  if (found == parameters.end() || found->second.empty()) return 0;
  return 1 + std::ranges::count(found->second, ',');
}

/** What libpq takes where nothing is configured, and no service or that of this name is. */
std::map<std::string, std::string> defaults(const std::optional<std::string>& service) {
  const char* former = std::getenv("PGSERVICE");
  const auto kept = former != nullptr ? std::optional<std::string>(former) : std::nullopt;
  const auto set = [](const std::optional<std::string>& value) {
    value ? ::setenv("PGSERVICE", value->c_str(), 1) : ::unsetenv("PGSERVICE");
  };
  set(service);
  const Options options(PQconndefaults(), &PQconninfoFree);
  set(kept);
  std::map<std::string, std::string> values;
  for (const auto* option = options.get(); option != nullptr && option->keyword != nullptr;
       ++option) {
    if (option->val != nullptr) values[option->keyword] = option->val;
  }
  return values;
}

/** What a service file says, read by libpq; nothing where there is none. */
std::map<std::string, std::string> read_service(const std::string& name) {
  auto values = defaults(name);
  for (const auto& [parameter, value] : defaults(std::nullopt)) {
    const auto found = values.find(parameter);
    if (found != values.end() && found->second == value) values.erase(found);
  }
  values.erase("service");
  return values;
}

void apply_service(const std::string& name, ConnectionOptions& database) {
  for (const auto& [parameter, value] : read_service(name)) {
    check_parameter(parameter, value, "service \"" + name + "\": " + parameter);
    // What is configured beside it wins, as in libpq.
    if (database.parameters.try_emplace(parameter, value).second) {
      database.sources[parameter] = "service \"" + name + "\"";
    }
  }
}

}  // namespace

std::map<std::string, std::string> parse_url(const std::string& url, const std::string& place) {
  char* error = nullptr;
  const Options options(PQconninfoParse(url.c_str(), &error), &PQconninfoFree);
  const std::unique_ptr<char, void (*)(void*)> error_text(error, &PQfreemem);
  if (!options) {
    // libpq quotes the part that it could not read, which may be the password.
    std::string detail;
    if (error_text && !may_hold_password(url)) {
      detail = std::string(": ") + error_text.get();
      while (detail.back() == '\n') detail.pop_back();
    }
    throw UsageError(place + ": is no PostgreSQL URL" + detail +
                     "; write it like \"postgresql://user@host:5432/database?sslmode=require\"");
  }
  std::map<std::string, std::string> parameters;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr && *option->val != '\0') parameters[option->keyword] = option->val;
  }
  if (const auto port = parameters.find("port"); port != parameters.end()) {
    // Not shown: in "//me:secret/x@host" what was meant as a password is the port.
    check_port(port->second, place, false);
  }
  for (const auto& [parameter, value] : parameters) {
    if (parameter != "port") check_parameter(parameter, value, place + ": " + parameter);
  }
  check_hosts(parameters, [&](const char* /*parameter*/) { return place; });
  return parameters;
}

void check_parameter(const std::string& parameter, const std::string& value,
                     const std::string& place) {
  if (parameter == "port") return check_port(value, place);
  const bool wants_number = std::ranges::find(numbers, parameter) != numbers.end();
  if (wants_number && !value.empty() && !is_number(value)) {
    throw UsageError(place + ": expected a whole number, found \"" + value + "\"");
  }
  for (const auto& choice : choices) {
    if (choice.parameter != parameter || value.empty() || is_one_of(choice, value)) continue;
    throw UsageError(place + ": expected " + listed(choice.values) + ", found \"" + value + "\"");
  }
}

void check_hosts(const std::map<std::string, std::string>& parameters,
                 const std::function<std::string(const char*)>& place_of) {
  const auto names = length_of(parameters, "host");
  const auto addresses = length_of(parameters, "hostaddr");
  const auto ports = length_of(parameters, "port");
  if (names > 0 && addresses > 0 && names != addresses) {
    throw UsageError(place_of("hostaddr") +
                     ": expected as many addresses (hostaddr) as hosts, found " +
                     std::to_string(addresses) + " for " + std::to_string(names));
  }
  const auto hosts = std::max({names, addresses, std::ptrdiff_t{1}});
  if (ports > 1 && ports != hosts) {
    throw UsageError(place_of("port") + ": expected one port, or one for each host, found " +
                     std::to_string(ports) + " ports for " + counted(hosts, "host"));
  }
}

void check_port(const std::string& text, const std::string& place, bool show) {
  // Several hosts have several ports; an empty one is the usual one.
  const auto ports = split(text, ',');
  for (const auto& one : ports) {
    const auto port = parse_number<int>(one).value_or(0);
    if ((port >= 1 && port <= 65535) || (one.empty() && ports.size() > 1)) continue;
    const auto what = show ? "\"" + one + "\" is not a valid port" : "the port is not valid";
    throw UsageError(place + ": " + what + "; expected a number from 1 to 65535");
  }
}

void yield_to_libpq(const Environment& environment, ConnectionOptions& database) {
  // The program has a default of its own for connect_timeout; the places share the time.
  static constexpr std::string_view needed[] = {"host", "hostaddr", "port", "connect_timeout"};
  auto& parameters = database.parameters;
  std::map<std::string, std::string> sources;
  std::map<std::string, std::string> kept;
  for (const auto& [parameter, variable] : libpq_variables) {
    const auto value = environment.get(variable);
    if (!value) continue;
    check_parameter(parameter, *value, std::string("environment: ") + variable);
    parameters.erase(parameter);
    sources[parameter] = std::string(variable) + " of the environment";
    if (std::ranges::find(needed, parameter) != std::end(needed)) kept[parameter] = *value;
  }
  // A service names a whole set of parameters, so it stands in for all that a file says.
  const auto service = environment.get("PGSERVICE");
  if (service) {
    parameters.clear();
    database.sources.clear();
  }
  const auto named = parameters.find("service");
  const bool in_file = named != parameters.end();
  if (service || in_file) apply_service(service ? *service : named->second, database);
  parameters.merge(kept);
  sources.merge(database.sources);
  database.sources = std::move(sources);
  // Its negotiation costs a round trip and a library, unless it is asked for.
  if (!environment.get("PGGSSENCMODE")) parameters.try_emplace("gssencmode", "disable");
  database.inherited_options = environment.get("PGOPTIONS").value_or("");
}

}  // namespace spider_check
