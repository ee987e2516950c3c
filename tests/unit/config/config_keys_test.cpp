// What each key of the file and each variable of the environment does.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "process/temp_directory.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

using Variables = decltype(Environment::variables);
using Words = std::vector<std::string>;

Config load_text(const std::string& toml, Variables variables = {}) {
  const test::TempDirectory directory;
  directory.write("jobs/scrapy.cfg", "");
  directory.write("password", "s3cret\nsecond line\n");
  directory.write("spider-check.toml", toml);
  return load({}, {std::move(variables), directory.path(), directory.path() / "home"}).config;
}

Config load_variable(const std::string& name, const std::string& value) {
  return load_text("", {{name, value}});
}

std::string parameter(const Config& config, const std::string& name) {
  const auto& parameters = config.database.parameters;
  return parameters.contains(name) ? parameters.at(name) : "(none)";
}

}  // namespace

TEST_CASE("each key of the schedule has its effect") {
  const auto config = load_text(R"(
      name = "prices"
      enabled = false
      interval = "90m"
      timezone = "America/Bogota"
      max_instances = 2
      max_attempts = 5
      retry_after = "10m"
      slack = "30s"
      takeover_after = "3m"
      on_database_error = "skip"
      wake_wait = "0s"
      precheck = ["nm-online", "-q"]
      precheck_max_age = "2d"
      log_dir = "/var/log/x")");
  CHECK(config.name == "prices");
  CHECK_FALSE(config.policy.enabled);
  CHECK(config.policy.interval == 90min);
  CHECK(config.timezone == "America/Bogota");
  CHECK(config.max_instances == 2);
  CHECK(config.policy.max_attempts == 5);
  CHECK(config.policy.retry_after == 10min);
  CHECK(config.policy.slack == 30s);
  CHECK(config.takeover_after == 3min);
  CHECK(config.on_database_error == OnDatabaseError::skip);
  CHECK(config.wake_wait == 0s);
  CHECK(config.precheck == Words{"nm-online", "-q"});
  CHECK(config.precheck_max_age == 48h);
  CHECK(config.log_dir == "/var/log/x");
}

TEST_CASE("the page is beside the file, and none is none") {
  const test::TempDirectory directory;
  directory.write("spider-check.toml", "[report]\npath = 'www/page.html'\n");
  const auto config = load({}, {{}, directory.path(), directory.path()}).config;
  CHECK(config.report_path == directory.path() / "www/page.html");
  CHECK(load_text("[report]\npath = '/srv/x.html'\n").report_path == "/srv/x.html");
  CHECK(load_text("").report_path.empty());
}

TEST_CASE("a precheck with a slash is beside the file, and none is none") {
  const test::TempDirectory directory;
  directory.write("spider-check.toml", "precheck = ['bin/online', './x']\n");
  const auto config = load({}, {{}, directory.path(), directory.path()}).config;
  CHECK(config.precheck == Words{(directory.path() / "bin/online").string(), "./x"});
  CHECK(load_text("precheck = []\n").precheck.empty());
}

TEST_CASE("metrics are written nowhere, or beside the file, or where a path says") {
  CHECK(load_text("").metrics.empty());
  CHECK(load_text("[metrics]\n").metrics.empty());
  CHECK(load_text("[metrics]\npath = '/var/x/y.prom'\n").metrics == "/var/x/y.prom");
  const test::TempDirectory directory;
  directory.write("spider-check.toml", "[metrics]\npath = 'out/y.prom'\n");
  const auto config = load({}, {{}, directory.path(), directory.path()}).config;
  CHECK(config.metrics == directory.path() / "out/y.prom");
}

TEST_CASE("the least and the most that a key takes are taken") {
  const auto least = load_text(
      "interval = '1s'\nmax_instances = 1\nmax_attempts = 1\nretry_after = '0s'\nslack = '0s'\n"
      "takeover_after = '1m'\n[database]\nport = 1\nconnect_timeout = '1s'\n"
      "statement_timeout = '100ms'\n");
  CHECK(least.policy.interval == 1s);
  CHECK(least.policy.retry_after == 0s);
  CHECK(least.takeover_after == 1min);
  CHECK(least.database.connect_timeout == 1s);
  CHECK(least.database.statement_timeout == 100ms);
  const auto most = load_text(
      "interval = '10000d'\nmax_instances = 100\nmax_attempts = 100\nslack = '9999d'\n"
      "[database]\nport = 65535\n");
  CHECK(most.policy.interval == 10'000 * 24h);
  CHECK(most.max_instances == 100);
  CHECK(most.policy.max_attempts == 100);
  CHECK(parameter(most, "port") == "65535");
}

TEST_CASE("the database is given in parts") {
  const auto config = load_text(R"([database]
      host = "db"
      port = 5433
      name = "scraping"
      user = "me"
      password = "s3cret"
      connect_timeout = "3s"
      statement_timeout = "2s")");
  CHECK(parameter(config, "host") == "db");
  CHECK(parameter(config, "port") == "5433");
  CHECK(parameter(config, "dbname") == "scraping");
  CHECK(parameter(config, "user") == "me");
  CHECK(parameter(config, "password") == "s3cret");
  CHECK(config.database.connect_timeout == 3s);
  CHECK(config.database.statement_timeout == 2s);
}

TEST_CASE("the database is given as a URL, and what the URL lacks beside it") {
  const auto config = load_text(
      "[database]\nurl = 'postgresql://me@db:5433/scraping?sslmode=require'\npassword = 'p'\n");
  CHECK(parameter(config, "host") == "db");
  CHECK(parameter(config, "port") == "5433");
  CHECK(parameter(config, "dbname") == "scraping");
  CHECK(parameter(config, "user") == "me");
  CHECK(parameter(config, "sslmode") == "require");
  CHECK(parameter(config, "password") == "p");
}

TEST_CASE("the password is the first line of its file") {
  const auto config = load_text("[database]\npassword_file = 'password'\n");
  CHECK(parameter(config, "password") == "s3cret");
}

TEST_CASE("each key of [scrapy] has its effect") {
  const auto config = load_text(R"([scrapy]
      project = "jobs"
      command = ["/srv/venv/bin/scrapy", "-q"]
      include = ["news_*", "prices"]
      exclude = ["news_old"]
      settings = { LOG_LEVEL = "INFO", RETRY_TIMES = 5, COOKIES = true, HTTPCACHE = false })");
  REQUIRE(config.scrapy.has_value());
  CHECK(config.scrapy->project.filename() == "jobs");
  CHECK(config.scrapy->command == Words{"/srv/venv/bin/scrapy", "-q"});
  CHECK(config.scrapy->include == Words{"news_*", "prices"});
  CHECK(config.scrapy->exclude == Words{"news_old"});
  const Variables settings(config.scrapy->settings.begin(), config.scrapy->settings.end());
  CHECK(settings == Variables{{"LOG_LEVEL", "INFO"},
                              {"RETRY_TIMES", "5"},
                              {"COOKIES", "True"},
                              {"HTTPCACHE", "False"}});
}

TEST_CASE("a number that is not whole is given as it is written") {
  const auto config = load_text(
      "[scrapy]\nproject = 'jobs'\n[scrapy.settings]\nDELAY = 0.00000025\n"
      "FACTOR = 2.0\nLIMIT = 1e300\nBALANCE = -1234567.125\n");
  const Variables settings(config.scrapy->settings.begin(), config.scrapy->settings.end());
  CHECK(settings == Variables{{"DELAY", "2.5e-07"},
                              {"FACTOR", "2.0"},
                              {"LIMIT", "1e+300"},
                              {"BALANCE", "-1234567.125"}});
}

TEST_CASE("[scrapy] needs nothing but the project") {
  const auto config = load_text("[scrapy]\nproject = 'jobs'\n");
  CHECK(config.scrapy->command == Words{"scrapy"});
  CHECK(config.scrapy->include == Words{"*"});
  CHECK(config.scrapy->exclude.empty());
  CHECK(config.scrapy->settings.empty());
}

TEST_CASE("each [[crawl]] is a spider of the project with arguments of its own") {
  const auto config = load_text(R"([scrapy]
      project = "jobs"
      [[crawl]]
      name = "books_uk"
      spider = "books"
      arguments = { country = "uk", pages = 3 }
      [[crawl]]
      name = "all"
      spider = "books")");
  REQUIRE(config.crawls.size() == 2);
  CHECK(config.crawls[0].name == "books_uk");
  CHECK(config.crawls[0].spider == "books");
  const auto& arguments = config.crawls[0].arguments;
  CHECK(Variables(arguments.begin(), arguments.end()) ==
        Variables{{"country", "uk"}, {"pages", "3"}});
  CHECK(config.crawls[1].arguments.empty());
}

TEST_CASE("what is normal for a site is said for all spiders or for some") {
  const auto config = load_text(R"([spiders]
      ignore_status = [404, 410]
      max_dead_pages = 7
      ignore_errors = ["asyncio", "re:^x"])");
  CHECK(config.spiders.ignore_status == std::vector<int>{404, 410});
  CHECK(config.spiders.max_dead_pages == 7);
  CHECK(config.spiders.ignore_errors == Words{"asyncio", "re:^x"});
}

TEST_CASE("each [[spider]] is a program with its arguments") {
  const auto config = load_text(
      "[[spider]]\nname = 'rss'\ncommand = ['/usr/local/bin/fetch-rss', '--all', '']\n"
      "[[spider]]\nname = 'a b'\ncommand = ['true']\n");
  REQUIRE(config.programs.size() == 2);
  CHECK(config.programs[0].name == "rss");
  CHECK(config.programs[0].command == Words{"/usr/local/bin/fetch-rss", "--all", ""});
  CHECK(config.programs[1].name == "a b");
  CHECK(config.programs[1].command == Words{"true"});
}

TEST_CASE("SCHEDULER_ENABLED takes the usual words for yes and no") {
  for (const std::string yes : {"true", "True", "TRUE", "1", "yes", "on"}) {
    CHECK(load_text("enabled = false", {{"SCHEDULER_ENABLED", yes}}).policy.enabled);
  }
  for (const std::string no : {"false", "False", "0", "no", "OFF"}) {
    CHECK_FALSE(load_variable("SCHEDULER_ENABLED", no).policy.enabled);
  }
}

TEST_CASE("SCHEDULER_INTERVAL_HOURS takes hours, whole or with a fraction") {
  const std::pair<std::string, Duration> rows[] = {
      {"4", 4h}, {"0.5", 30min}, {"1.25", 75min}, {"24", 24h}, {"0.1", 6min}, {"240000", 240'000h}};
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(load_variable("SCHEDULER_INTERVAL_HOURS", row.first).policy.interval == row.second);
  }
}

TEST_CASE("the other variables of existing installations have their effect") {
  CHECK(load_variable("SCHEDULER_TIMEZONE", "Europe/Berlin").timezone == "Europe/Berlin");
  CHECK(load_variable("SCHEDULER_TIMEZONE", "UTC").timezone == "UTC");
  CHECK(load_variable("SCHEDULER_MAX_INSTANCES", "3").max_instances == 3);
  CHECK(parameter(load_variable("DB_HOST", "db"), "host") == "db");
  CHECK(parameter(load_variable("DB_PORT", "5433"), "port") == "5433");
  CHECK(parameter(load_variable("DB_NAME", "scraping"), "dbname") == "scraping");
  CHECK(parameter(load_variable("DB_USER", "me"), "user") == "me");
  CHECK(parameter(load_variable("DB_PASSWORD", "s3cret # '\\"), "password") == "s3cret # '\\");
}

}  // namespace spider_check
