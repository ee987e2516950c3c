// Connection URLs, and what is left to libpq, which reads its own variables.
#include <map>
#include <memory>
#include <set>
#include <string>

#include <doctest/doctest.h>
#include <libpq-fe.h>

#include "config/apply.hpp"
#include "config/load.hpp"
#include "process/temp_directory.hpp"
#include "util/errors.hpp"

namespace spider_check {

namespace {

using Parameters = std::map<std::string, std::string>;

/** The connection that a file, a .env file and an environment make. */
ConnectionOptions connection(const std::string& toml, decltype(Environment::variables) variables,
                             const std::string& dotenv = "") {
  const test::TempDirectory directory;
  directory.write("x.toml", "[database]\n" + toml);
  if (!dotenv.empty()) directory.write(".env", dotenv);
  return load("x.toml", {std::move(variables), directory.path(), directory.path()}).config.database;
}

}  // namespace

TEST_CASE("a URL is taken apart as libpq does it") {
  const std::pair<std::string, Parameters> rows[] = {
      {"postgresql://", {}},
      {"postgresql://db", {{"host", "db"}}},
      {"postgres://me@db:5433/x",
       {{"user", "me"}, {"host", "db"}, {"port", "5433"}, {"dbname", "x"}}},
      {"postgresql:///x?host=/run/postgresql", {{"dbname", "x"}, {"host", "/run/postgresql"}}},
      {"postgresql://me:p%40%2f@db/x",
       {{"user", "me"}, {"password", "p@/"}, {"host", "db"}, {"dbname", "x"}}},
      {"postgresql://a:1,b:2/x", {{"host", "a,b"}, {"port", "1,2"}, {"dbname", "x"}}},
      {"postgresql://[::1]/x?sslmode=verify-full&options=-c%20a%3Db",
       {{"host", "::1"}, {"dbname", "x"}, {"sslmode", "verify-full"}, {"options", "-c a=b"}}},
      {"host=db dbname='a b' password='it\\'s'",
       {{"host", "db"}, {"dbname", "a b"}, {"password", "it's"}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(parse_url(row.first, "x.toml:1: url") == row.second);
  }
}

TEST_CASE("what is no URL is refused with its place and an example") {
  const std::string example =
      "; write it like \"postgresql://user@host:5432/database?sslmode=require\"";
  CHECK_THROWS_WITH_AS(
      (void)parse_url("database", "x.toml:1: url"),
      ("x.toml:1: url: is no PostgreSQL URL: missing \"=\" after \"database\" in connection info "
       "string" +
       example)
          .c_str(),
      UsageError);
  CHECK_THROWS_WITH_AS((void)parse_url("postgresql://me:p@db?x=1", "x.toml:1: url"),
                       ("x.toml:1: url: is no PostgreSQL URL" + example).c_str(), UsageError);
}

TEST_CASE("what libpq says of a URL is told where no password can be in it") {
  const std::string detail =
      "place: is no PostgreSQL URL: invalid URI query parameter: \"x\"; write it like "
      "\"postgresql://user@host:5432/database?sslmode=require\"";
  for (const std::string url : {"postgresql://db?x=1", "postgresql://db:5432/jobs?x=1"}) {
    CHECK_THROWS_WITH_AS((void)parse_url(url, "place"), detail.c_str(), UsageError);
  }
}

TEST_CASE("a port in a URL must be one") {
  for (const std::string url :
       {"postgresql://db:0/x", "postgresql://db:65536/x", "host=db port=1x"}) {
    CAPTURE(url);
    CHECK_THROWS_AS((void)parse_url(url, "place"), UsageError);
  }
}

TEST_CASE("libpq's variables in the environment beat the file; most stay libpq's to read") {
  const std::string file = "url = 'postgresql://file:file@file:1/file?sslmode=disable'";
  const std::pair<std::string, std::string> rows[] = {
      {"PGDATABASE", "dbname"},
      {"PGUSER", "user"},
      {"PGPASSWORD", "password"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    const auto parameters = connection(file, {{row.first, "2"}}).parameters;
    CHECK(parameters.count(row.second) == 0);
    CHECK(parameters.size() == 6);  // the other five and gssencmode
  }
  CHECK(connection(file, {{"PGSSLMODE", "require"}}).parameters.count("sslmode") == 0);
}

TEST_CASE("where to connect to is known, also where the environment says so") {
  const std::string file = "url = 'postgresql://file:1/file'";
  const std::pair<std::string, std::string> rows[] = {
      {"PGHOST", "host"}, {"PGHOSTADDR", "hostaddr"}, {"PGPORT", "port"}};
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(connection(file, {{row.first, "2"}}).parameters.at(row.second) == "2");
  }
}

TEST_CASE("a value that libpq does not know is refused with its place and what would be right") {
  const auto refused = [](const std::string& parameter, const std::string& value) {
    try {
      check_parameter(parameter, value, "x.toml:1: " + parameter);
      return std::string();
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
  };
  CHECK(refused("gssencmode", "maybe") ==
        "x.toml:1: gssencmode: expected disable, prefer or require, found \"maybe\"");
  CHECK(refused("connect_timeout", "5s") ==
        "x.toml:1: connect_timeout: expected a whole number, found \"5s\"");
  CHECK(refused("port", "1,,x") ==
        "x.toml:1: port: \"x\" is not a valid port; expected a number from 1 to "
        "65535");
  const std::pair<std::string, std::string> fine[] = {
      {"gssencmode", "prefer"},
      {"connect_timeout", " +5 "},
      {"connect_timeout", "-1"},
      {"port", "1,,65535"},
      {"ssl_max_protocol_version", "tlsv1.3"},
      {"sslmode", ""},
      {"user", "requre"},
  };
  for (const auto& row : fine) CHECK(refused(row.first, row.second).empty());
}

TEST_CASE("ports and addresses fit the hosts") {
  const auto fits = [](const Parameters& parameters) {
    try {
      check_hosts(parameters, [](const char*) { return "x.toml:1: url"; });
      return true;
    } catch (const UsageError&) {
      return false;
    }
  };
  CHECK(fits({}));
  CHECK(fits({{"host", "a,b"}}));
  CHECK(fits({{"host", "a,b"}, {"port", "1"}}));
  CHECK(fits({{"host", "a,b"}, {"port", "1,2"}}));
  CHECK(fits({{"hostaddr", "1.2.3.4,1.2.3.5"}, {"port", "1,2"}}));
  CHECK(fits({{"host", "a,b"}, {"hostaddr", "1.2.3.4,"}}));
  CHECK_FALSE(fits({{"host", "a,b"}, {"port", "1,2,3"}}));
  CHECK_FALSE(fits({{"host", "a,b"}, {"hostaddr", "1.2.3.4"}}));
  CHECK_FALSE(fits({{"port", "1,2"}}));
}

TEST_CASE("the program's own variables beat libpq's") {
  const auto parameters =
      connection("host = 'file'", {{"PGHOST", "libpq"}, {"DB_HOST", "own"}}).parameters;
  CHECK(parameters.at("host") == "own");
}

TEST_CASE("a service stands in for everything that the file says") {
  const auto parameters =
      connection("url = 'postgresql://me:p@db/x?sslmode=disable'", {{"PGSERVICE", "jobs"}})
          .parameters;
  CHECK(parameters == Parameters{{"gssencmode", "disable"}});
}

TEST_CASE("libpq's variables in a .env file are applied, below the program's own") {
  const auto parameters =
      connection("host = 'file'\nuser = 'file'", {},
                 "PGHOST=libpq\nPGUSER=libpq\nDB_USER=own\nPGPASSWORD='s3 cret'\n"
                 "PGSSLROOTCERT=/ca.pem\n")
          .parameters;
  CHECK(parameters.at("host") == "libpq");
  CHECK(parameters.at("user") == "own");
  CHECK(parameters.at("password") == "s3 cret");
  CHECK(parameters.at("sslrootcert") == "/ca.pem");
}

TEST_CASE("PGCONNECT_TIMEOUT is kept from the program's own default") {
  CHECK(connection("", {{"PGCONNECT_TIMEOUT", "9"}}).parameters.at("connect_timeout") == "9");
  CHECK(connection("", {}).parameters.count("connect_timeout") == 0);
}

TEST_CASE("PGOPTIONS is kept beside the program's own session settings") {
  const auto options =
      connection("url = 'postgresql:///x?options=-ca%3Db'", {{"PGOPTIONS", "-cc=d"}});
  CHECK(options.inherited_options == "-cc=d");
  CHECK(options.parameters.count("options") == 0);
  CHECK(connection("", {}).inherited_options.empty());
}

TEST_CASE("GSSAPI encryption is off unless somebody asks for it") {
  CHECK(connection("", {}).parameters.at("gssencmode") == "disable");
  CHECK(connection("url = 'postgresql:///?gssencmode=require'", {}).parameters.at("gssencmode") ==
        "require");
  CHECK(connection("", {{"PGGSSENCMODE", "prefer"}}).parameters.count("gssencmode") == 0);
  CHECK(connection("", {}, "PGGSSENCMODE=prefer\n").parameters.at("gssencmode") == "prefer");
}

TEST_CASE("every variable that libpq knows is known by the same parameter") {
  // The program sets the first two itself; the third does nothing since OpenSSL 1.1.
  const std::set<std::string> left_out{"PGAPPNAME", "PGCLIENTENCODING", "PGSSLCOMPRESSION"};
  std::map<std::string, std::string> known;
  for (const auto& [parameter, variable] : libpq_variables) known[variable] = parameter;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> defaults(PQconndefaults(),
                                                                                &PQconninfoFree);
  REQUIRE(defaults);
  for (const auto* option = defaults.get(); option->keyword != nullptr; ++option) {
    const std::string variable = option->envvar != nullptr ? option->envvar : "";
    if (variable.empty() || left_out.contains(variable)) continue;
    CAPTURE(variable);
    CHECK(known[variable] == std::string(option->keyword));
  }
}

}  // namespace spider_check
