#include <charconv>
#include <memory>

#include <libpq-fe.h>

#include "config/apply.hpp"
#include "core/errors.hpp"

namespace spider_check::config {

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
    check_port(port->second, place, Show::no);
  }
  return parameters;
}

void check_port(const std::string& text, const std::string& place, Show show) {
  int port = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, port);
  // Several hosts have several ports, which libpq checks itself.
  if (text.find(',') != std::string::npos) return;
  if (error == std::errc{} && at == end && port >= 1 && port <= 65535) return;
  const auto what = show == Show::yes ? "\"" + text + "\" is no port" : "the port is none";
  throw UsageError(place + ": " + what + "; expected a number from 1 to 65535");
}

void yield_to_libpq(const Environment& environment, ConnectionOptions& database) {
  for (const auto& [parameter, variable] : libpq_variables) {
    if (environment.get(variable)) database.parameters.erase(parameter);
  }
  // A service names a whole set of parameters, so it stands in for all that a file says.
  if (environment.get("PGSERVICE")) database.parameters.clear();
  // The program has a default of its own for this one, which would hide libpq's variable.
  if (const auto seconds = environment.get("PGCONNECT_TIMEOUT")) {
    database.parameters["connect_timeout"] = *seconds;
  }
  // Its negotiation costs a round trip and a library; whoever wants it says so.
  if (!environment.get("PGGSSENCMODE")) database.parameters.try_emplace("gssencmode", "disable");
  database.inherited_options = environment.get("PGOPTIONS").value_or("");
}

}  // namespace spider_check::config
