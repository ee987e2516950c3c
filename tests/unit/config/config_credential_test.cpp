// A password from systemd, and schedules that share a directory.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "process/temp_directory.hpp"
#include "util/errors.hpp"

namespace spider_check {

namespace {

/** A service with credentials, whose configuration says where the database is. */
class Service {
 public:
  Service() : environment{{}, directory.path(), directory.path() / "home"} {
    directory.write("home/.config/spider-check/config.toml", "[database]\nhost = 'db'\n");
    environment.variables["CREDENTIALS_DIRECTORY"] = directory.path() / "credentials";
  }

  [[nodiscard]] Loaded load(const std::string& name = "config") const {
    return spider_check::load("home/.config/spider-check/" + name + ".toml", environment);
  }

  [[nodiscard]] std::string password() const {
    const auto parameters = load().config.database.parameters;
    const auto found = parameters.find("password");
    return found == parameters.end() ? "none" : found->second;
  }

  void hand_over(const std::string& text) const {
    directory.write("credentials/database-password", text);
  }

  test::TempDirectory directory;
  Environment environment;
};

}  // namespace

TEST_CASE("the credential database-password is the password, and its file is known") {
  const Service service;
  service.hand_over("from systemd \n");
  CHECK(service.password() == "from systemd ");
  CHECK(service.load().credential == service.directory.path() / "credentials/database-password");
  CHECK(service.load().config.database.parameters.at("host") == "db");
  service.hand_over("no line end");
  CHECK(service.password() == "no line end");
}

TEST_CASE("a service without that credential, or with an empty one, has no password from it") {
  const Service service;
  CHECK(service.password() == "none");
  service.directory.write("credentials/api-token", "something else");
  CHECK(service.password() == "none");
  for (const auto* empty : {"", "\n"}) {
    service.hand_over(empty);
    CHECK(service.password() == "none");
    CHECK_FALSE(service.load().credential.has_value());
  }
}

TEST_CASE("the credential beats the files, and the environment beats it") {
  Service service;
  service.hand_over("from systemd");
  service.directory.write("home/.config/spider-check/config.toml",
                          "[database]\npassword = 'file'\n");
  service.directory.write(".env", "DB_PASSWORD=dotenv\n");
  CHECK(service.password() == "from systemd");
  service.environment.variables["DB_PASSWORD"] = "environment";
  CHECK(service.password() == "environment");
  CHECK_FALSE(service.load().credential.has_value());
  service.environment.variables = {
      {"PGPASSWORD", "libpq's own"},
      {"CREDENTIALS_DIRECTORY", service.directory.path() / "credentials"}};
  CHECK(service.password() == "none");  // libpq reads that itself
}

TEST_CASE("a credential that cannot be read is named") {
  const Service service;
  service.directory.write("credentials/database-password/x", "");
  const auto text = (service.directory.path() / "credentials/database-password").string() +
                    ": cannot be read: Is a directory; name a file that can be read";
  CHECK_THROWS_WITH_AS((void)service.load(), text.c_str(), UsageError);
}

TEST_CASE("of several configurations in one directory, one without a name is warned about") {
  const Service service;
  const auto other = service.directory.write("home/.config/spider-check/news.toml", "");
  const std::vector<std::string> warning = {
      other.string() +
      ": has no name, so its schedule is \"default\", as that of each file without one; add name = "
      "\"news\""};
  CHECK(service.load("news").config.warnings == warning);
  CHECK(service.load().config.warnings.empty());
  service.directory.write("home/.config/spider-check/news.toml", "name = 'news'");
  CHECK(service.load("news").config.warnings.empty());
  service.directory.write("elsewhere/news.toml", "");
  CHECK(spider_check::load("elsewhere/news.toml", service.environment).config.warnings.empty());
}

}  // namespace spider_check
