#include "connection.hpp"

#include <map>
#include <memory>
#include <string>

#include <libpq-fe.h>

#include "db/conninfo.hpp"
#include "fuzz.hpp"

namespace spider_check::fuzz {

namespace {

using Options = std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)>;

std::map<std::string, std::string> parsed(const std::string& conninfo) {
  const Options options(PQconninfoParse(conninfo.c_str(), nullptr), &PQconninfoFree);
  expect(options != nullptr, "libpq understands a connection string");
  std::map<std::string, std::string> parameters;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parameters[option->keyword] = option->val;
  }
  return parameters;
}

}  // namespace

void check_connection(const ConnectionOptions& options) {
  auto understood = parsed(conninfo(options, "fuzz"));
  for (const auto& [key, value] : options.parameters) {
    // The program has its own say about these.
    if (key == "options" || key == "application_name" || key == "client_encoding") continue;
    expect(understood[key] == value, "each connection parameter arrives as it was given");
  }
}

}  // namespace spider_check::fuzz
