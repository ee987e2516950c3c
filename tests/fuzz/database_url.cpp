// What a person writes as the database's URL.
#include <string>

#include "config/apply.hpp"
#include "connection.hpp"
#include "fuzz.hpp"
#include "util/errors.hpp"

namespace spider_check::fuzz {

namespace {

const std::string place = "x.toml:3: database.url";
const std::string secret = "s3cr3t";

void check_url(const std::string& url) {
  try {
    ConnectionOptions options;
    options.parameters = parse_url(url, place);
    check_connection(options);
  } catch (const UsageError& error) {
    const std::string what = error.what();
    expect(what.rfind(place, 0) == 0, "an error begins with its place");
    expect(what.find(secret) == std::string::npos, "no error shows a password");
  }
}

}  // namespace

void try_input(std::string_view bytes) {
  // A text of C, as everything that this is called with: the readers before refuse a NUL.
  const std::string text(bytes.substr(0, bytes.find('\0')));
  // Where it stands elsewhere, too, it is no secret.
  if (text.find(secret) != std::string::npos) return;
  check_url(text);
  // With a password, and whatever slip behind it.
  check_url("postgresql://me:" + secret + text);
  check_url("host=db password=" + secret + text);
}

}  // namespace spider_check::fuzz
