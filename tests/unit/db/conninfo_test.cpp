#include "db/conninfo.hpp"

#include <map>
#include <memory>
#include <string>

#include <doctest/doctest.h>
#include <libpq-fe.h>

namespace spider_check {

using namespace std::chrono_literals;

namespace {

using Parameters = std::map<std::string, std::string>;

/** What libpq itself reads out of a connection string. */
Parameters as_libpq_reads(const std::string& conninfo) {
  char* error = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(conninfo.c_str(), &error), &PQconninfoFree);
  const std::unique_ptr<char, void (*)(void*)> owned_error(error, &PQfreemem);
  REQUIRE_MESSAGE(options, "libpq refuses: " << (error != nullptr ? error : ""));
  Parameters parameters;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parameters[option->keyword] = option->val;
  }
  return parameters;
}

Parameters read_back(const ConnectionOptions& options) {
  return as_libpq_reads(conninfo(options, "spider-check"));
}

ConnectionOptions with(Parameters parameters) {
  ConnectionOptions options;
  options.parameters = std::move(parameters);
  return options;
}

}  // namespace

TEST_CASE("libpq reads every value back as it was given") {
  for (const std::string value :
       {"plain", "two words", " ", "", "'", "''", "\\", "\\'", "'\\", "a'b\\c", "x' host='evil",
        "tab\there", "line\nbreak", "=", "#", "größe", "$(id)", "%41", "postgresql://u:p@h/d"}) {
    CAPTURE(value);
    const auto parameters = read_back(with({{"password", value}, {"dbname", "scraping"}}));
    CHECK(parameters.at("password") == value);
    CHECK(parameters.at("dbname") == "scraping");
    CHECK(parameters.count("host") == 0);
  }
}

TEST_CASE("a connection string holds no blank, at which SOCI would take it apart") {
  auto options = with({{"password", "two words\tand\nmore"}, {"options", "-c a=b -c c=d"}});
  options.inherited_options = "-c e=f";
  CHECK(conninfo(options, "it's me").find_first_of(" \t\n") == std::string::npos);
}

TEST_CASE("a session says who it is and speaks UTF-8, whatever is configured") {
  const auto parameters = as_libpq_reads(
      conninfo(with({{"application_name", "mine"}, {"client_encoding", "LATIN1"}}), "it's me"));
  CHECK(parameters.at("application_name") == "it's me");
  CHECK(parameters.at("client_encoding") == "UTF8");
}

TEST_CASE("the timeouts reach libpq in its own units, none before its time") {
  auto options = with({});
  options.connect_timeout = 7500ms;
  options.statement_timeout = 1500us;
  const auto parameters = read_back(options);
  CHECK(parameters.at("connect_timeout") == "9");
  CHECK(parameters.at("tcp_user_timeout") == "3");
  CHECK(parameters.at("options") == "-c client_min_messages=warning -c statement_timeout=2");
}

TEST_CASE("a connect timeout below two seconds, which libpq does not know, is two") {
  auto options = with({{"host", "a,b"}});
  options.connect_timeout = 1s;
  CHECK(read_back(options).at("connect_timeout") == "2");
}

TEST_CASE("several hosts share the time, so that a silent one leaves some for the next") {
  const auto one_of = [](const char* key, const char* hosts) {
    auto options = with({{key, hosts}});
    options.connect_timeout = 10s;
    return read_back(options).at("connect_timeout");
  };
  CHECK(one_of("host", "a") == "11");
  CHECK(one_of("host", "a,b") == "5");
  CHECK(one_of("host", "a,b,c") == "3");
  CHECK(one_of("hostaddr", "10.0.0.1,10.0.0.2") == "5");
  CHECK(one_of("host", "a,b,c,d,e,f,g") == "2");
}

TEST_CASE("only a name is looked up, and this very host needs no time to share") {
  const Parameters rows[] = {{},
                             {{"host", "/run/postgresql"}},
                             {{"host", "@abstract"}},
                             {{"host", "10.0.0.1,10.0.0.2"}, {"port", "1,2"}},
                             {{"host", "::1"}},
                             {{"host", "db.example"}, {"hostaddr", "10.0.0.1"}}};
  for (const auto& row : rows) CHECK_FALSE(has_names(with(row)));
  CHECK(has_names(with({{"host", "10.0.0.1,db.example"}})));
  const auto local = with_addresses(with({{"host", "localhost"}, {"port", "5433"}})).parameters;
  CHECK(local.count("hostaddr") == 0);
  CHECK(local.at("host") == "localhost");
  CHECK(local.at("port") == "5433");
}

TEST_CASE("making a connection has one limit in all") {
  CHECK(connect_limit(with({})) == 5s);
  CHECK(connect_limit(with({{"host", "a,b"}})) == 5s);
}

TEST_CASE("a limit in the connection string is that of one host, as libpq has it") {
  const auto limit = [](const char* seconds, const char* hosts) {
    return connect_limit(with({{"connect_timeout", seconds}, {"host", hosts}}));
  };
  CHECK(limit("9", "a") == 9s);
  CHECK(limit("9", "a,b") == 18s);
  CHECK(limit("1", "a") == 2s);
  for (const auto* none : {"0", "-1", "", "soon", "9s"}) CHECK(limit(none, "a") == 5s);
}

TEST_CASE("a pooler that takes no settings of ours is given none, but the user's own") {
  auto options = with({});
  const auto read = [&] { return as_libpq_reads(conninfo(options, "me", OwnSettings::no)); };
  CHECK(read().at("options").empty());
  options.inherited_options = "-c search_path=x";
  CHECK(read().at("options") == "-c search_path=x");
  CHECK(read().at("application_name") == "me");
}

TEST_CASE("a place names what is known of it and nothing else") {
  CHECK(place_of(with({})).empty());
  CHECK(place_of(with({{"host", "db.example"}, {"password", "s3cret"}, {"port", "5433"}})) ==
        "host=db.example port=5433");
}

TEST_CASE("a server that vanished is noticed within two minutes") {
  const auto parameters = read_back(with({}));
  const auto number = [&](const char* key) { return std::stoi(parameters.at(key)); };
  CHECK(number("keepalives_idle") + number("keepalives_interval") * number("keepalives_count") <=
        120);
  CHECK(number("tcp_user_timeout") == 10'000);
}

TEST_CASE("what is configured wins over the defaults") {
  const auto parameters = read_back(with({{"connect_timeout", "1"},
                                          {"tcp_user_timeout", "1"},
                                          {"keepalives_idle", "2"},
                                          {"keepalives_interval", "3"},
                                          {"keepalives_count", "4"}}));
  CHECK(parameters.at("connect_timeout") == "1");
  CHECK(parameters.at("tcp_user_timeout") == "1");
  CHECK(parameters.at("keepalives_idle") == "2");
  CHECK(parameters.at("keepalives_interval") == "3");
  CHECK(parameters.at("keepalives_count") == "4");
}

TEST_CASE("our session settings stand behind those of the configuration or of PGOPTIONS") {
  const std::string ours = "-c client_min_messages=warning -c statement_timeout=5000";
  auto options = with({});
  CHECK(read_back(options).at("options") == ours);
  options.inherited_options = "-c search_path=x";
  CHECK(read_back(options).at("options") == "-c search_path=x " + ours);
  options.parameters["options"] = "-c search_path=y";
  CHECK(read_back(options).at("options") == "-c search_path=y " + ours);
}

}  // namespace spider_check
