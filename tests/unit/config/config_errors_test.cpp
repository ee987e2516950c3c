// What is wrong with a configuration is said on one line with its place, and nothing is guessed.
#include <map>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "process/temp_directory.hpp"
#include "util/errors.hpp"

namespace spider_check {

namespace {

using Variables = decltype(Environment::variables);

/** Why a configuration is refused; its directory is written as DIR. */
std::string refusal(const std::string& toml, Variables variables = {},
                    const std::string& dotenv = "") {
  const test::TempDirectory directory;
  directory.write("x.toml", toml);
  directory.write("jobs/scrapy.cfg", "");
  directory.write("empty", "");
  if (!dotenv.empty()) directory.write(".env", dotenv);
  try {
    (void)load("x.toml", {std::move(variables), directory.path(), directory.path()});
  } catch (const UsageError& error) {
    std::string text = error.what();
    const auto name = directory.path().string();
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name)) {
      text.replace(at, name.size(), "DIR");
    }
    return text;
  }
  return "it is not refused";
}

std::string environment_refusal(const std::string& name, const std::string& value) {
  return refusal("", {{name, value}});
}

struct Row {
  std::string toml;
  std::string text;
};

const std::string durations = R"("4h", "90m", "1h30m", "45s" or "90d")";

}  // namespace

TEST_CASE("a value of the wrong type is refused with file, line and key") {
  const Row rows[] = {
      {"name = 3", "DIR/x.toml:1: name: expected a text in quotes, found a number"},
      {"\nname = ['a']", "DIR/x.toml:2: name: expected a text in quotes, found a list"},
      {"enabled = 'true'", "DIR/x.toml:1: enabled: expected true or false, found a text"},
      {"enabled = 1", "DIR/x.toml:1: enabled: expected true or false, found a number"},
      {"interval = 4",
       "DIR/x.toml:1: interval: expected a duration like " + durations + ", found a number"},
      {"slack = 1979-05-27",
       "DIR/x.toml:1: slack: expected a duration like " + durations + ", found a date or time"},
      {"max_attempts = '3'",
       "DIR/x.toml:1: max_attempts: expected a whole number from 1 to 100, found a text"},
      {"max_attempts = 1.5",
       "DIR/x.toml:1: max_attempts: expected a whole number from 1 to 100, found a number"},
      {"on_database_error = false",
       "DIR/x.toml:1: on_database_error: expected a text in quotes, found true or false"},
      {"wake_wait = 30",
       "DIR/x.toml:1: wake_wait: expected a duration like " + durations + ", found a number"},
      {"precheck = 'nm-online -q'",
       R"(DIR/x.toml:1: precheck: expected a list of texts like ["a", "b"], found a text)"},
      {"log_dir = true", "DIR/x.toml:1: log_dir: expected a text in quotes, found true or false"},
      {"database = 'x'", "DIR/x.toml:1: database: expected a table [database], found a text"},
      {"[[database]]", "DIR/x.toml:1: database: expected a table [database], found a list"},
      {"[database]\nport = '5432'",
       "DIR/x.toml:2: database.port: expected a whole number from 1 to 65535, found a text"},
      {"[database]\npassword = 12345",
       "DIR/x.toml:2: database.password: expected a text in quotes, found a number"},
      {"metrics = 'x'", "DIR/x.toml:1: metrics: expected a table [metrics], found a text"},
      {"[metrics]\npath = 1",
       "DIR/x.toml:2: metrics.path: expected a text in quotes, found a number"},
      {"spider = 'x'", "DIR/x.toml:1: spider: expected tables [[spider]], found a text"},
      {"[spider]", "DIR/x.toml:1: spider: expected tables [[spider]], found a table"},
      {"[spiders]\nignore_status = [200]",
       "DIR/x.toml:2: spiders.ignore_status: expected a list of whole numbers from 400 to 599, "
       "like "
       "[400], found 200"},
      {"[spiders]\nignore_status = ['404']",
       "DIR/x.toml:2: spiders.ignore_status: expected a list of whole numbers from 400 to 599, "
       "like "
       "[400], found a text"},
      {"[spiders]\nignore_status = 404",
       "DIR/x.toml:2: spiders.ignore_status: expected a list of whole numbers from 400 to 599, "
       "like "
       "[400], found a number"},
      {"spider = [1]", "DIR/x.toml:1: spider: expected tables [[spider]], found a number"},
      {"[scrapy]\nproject = 'jobs'\ninclude = 'x'",
       R"(DIR/x.toml:3: scrapy.include: expected a list of texts like ["a", "b"], found a text)"},
      {"[scrapy]\nproject = 'jobs'\nexclude = [\n'x',\n3]",
       R"(DIR/x.toml:5: scrapy.exclude: expected a list of texts like ["a", "b"], found a number)"},
      {"[scrapy]\nproject = 'jobs'\nsettings = 'x'",
       "DIR/x.toml:3: scrapy.settings: expected texts, numbers or booleans like { LOG_LEVEL = "
       "\"INFO\" }, found a text"},
      {"[scrapy]\nproject = 'jobs'\nsettings = { A = ['x'] }",
       "DIR/x.toml:3: scrapy.settings: expected texts, numbers or booleans like { LOG_LEVEL = "
       "\"INFO\" }, found a list"},
  };
  for (const auto& row : rows) CHECK(refusal(row.toml) == row.text);
}

TEST_CASE("a value out of its range is refused with file, line and key") {
  const Row rows[] = {
      {"interval = '4 h'",
       "DIR/x.toml:1: interval: \"4 h\" is not a valid duration; write it like " + durations},
      {"interval = ''",
       "DIR/x.toml:1: interval: \"\" is not a valid duration; write it like " + durations},
      {"interval = '0s'", "DIR/x.toml:1: interval: \"0s\" is too short; at least 1s"},
      {"takeover_after = '59s'", "DIR/x.toml:1: takeover_after: \"59s\" is too short; at least 1m"},
      {"on_database_error = 'ignore'",
       "DIR/x.toml:1: on_database_error: expected \"run\" or \"skip\", found \"ignore\""},
      {"on_database_error = 'Run'",
       "DIR/x.toml:1: on_database_error: expected \"run\" or \"skip\", found \"Run\""},
      {"precheck_max_age = '0s'",
       "DIR/x.toml:1: precheck_max_age: \"0s\" is too short; at least 1s"},
      {"precheck = ['']",
       "DIR/x.toml:1: precheck: names no program; write it like [\"nm-online\", \"-q\"]"},
      {"max_attempts = 0",
       "DIR/x.toml:1: max_attempts: expected a whole number from 1 to 100, found 0"},
      {"max_instances = 101",
       "DIR/x.toml:1: max_instances: expected a whole number from 1 to 100, found 101"},
      {"[database]\nport = 65536",
       "DIR/x.toml:2: database.port: expected a whole number from 1 to 65535, found 65536"},
      {"[database]\nport = -1",
       "DIR/x.toml:2: database.port: expected a whole number from 1 to 65535, found -1"},
      {"[database]\nconnect_timeout = '999ms'",
       "DIR/x.toml:2: database.connect_timeout: \"999ms\" is too short; at least 1s"},
      {"[database]\nstatement_timeout = '0s'",
       "DIR/x.toml:2: database.statement_timeout: \"0s\" is too short; at least 100ms"},
      {"[metrics]\npath = ''",
       "DIR/x.toml:2: metrics.path: is empty; leave it out or give a value"},
      {"name = ''", "DIR/x.toml:1: name: is empty; leave it out or give a value"},
      {"name = \"a\\u0000b\"", "DIR/x.toml:1: name: holds a NUL character; take it out"},
      {"[[spider]]\nname = 'a'\ncommand = [\"a\\u0000\"]",
       "DIR/x.toml:3: spider.command: holds a NUL character; take it out"},
      {"timezone = 'Mars/Olympus'",
       "DIR/x.toml:1: timezone: \"Mars/Olympus\" is not a time zone that this host knows; expected "
       "one like \"America/Bogota\" (the Debian package tzdata has them)"},
  };
  for (const auto& row : rows) CHECK(refusal(row.toml) == row.text);
}

TEST_CASE("a time zone is a file of the zone database and of nothing else") {
  for (const std::string zone :
       {"America", "../zoneinfo/UTC", "/usr/share/zoneinfo/Europe/Berlin", "../../../etc/passwd",
        "america/bogota", " ", "Moon/Base", "Europe/", "Europe/../UTC", "Europe/Ber lin",
        "Europe/berlin", "CETT", "Europe/Berlin/"}) {
    CAPTURE(zone);
    const auto text = environment_refusal("SCHEDULER_TIMEZONE", zone);
    CHECK(text.rfind("environment: SCHEDULER_TIMEZONE: \"" + zone +
                         "\" is not a time zone that this host knows",
                     0) == 0);
  }
}

TEST_CASE("an unknown key is refused with what was probably meant, or with what is known") {
  const Row rows[] = {
      {"intervall = '4h'", "DIR/x.toml:1: unknown key \"intervall\"; did you mean \"interval\"?"},
      {"\n\nretry-after = '4h'",
       "DIR/x.toml:3: unknown key \"retry-after\"; did you mean \"retry_after\"?"},
      {"[databse]\nhost = 'x'",
       "DIR/x.toml:1: unknown key \"databse\"; did you mean \"database\"?"},
      {"[database]\nhots = 'x'",
       "DIR/x.toml:2: unknown key \"hots\" in [database]; did you mean \"host\"?"},
      {"[database]\nfrobnicate = 1",
       "DIR/x.toml:2: unknown key \"frobnicate\" in [database]; known here: url, host, port, name, "
       "user, password, password_file, connect_timeout, statement_timeout"},
      {"[scrapy]\nproject = 'jobs'\nspiders = ['x']",
       "DIR/x.toml:3: unknown key \"spiders\" in [scrapy]; known here: project, command, include, "
       "exclude, settings, list_timeout"},
      {"[report]\nfile = 'x.html'",
       "DIR/x.toml:2: unknown key \"file\" in [report]; known here: path"},
      {"[[spider]]\nname = 'a'\ncommand = ['a']\ntimeout = '1h'",
       "DIR/x.toml:4: unknown key \"timeout\" in [spider]; known here: name, command"},
      {"a.b = 1",
       "DIR/x.toml:1: unknown key \"a\"; known here: interval, name, enabled, timezone, "
       "concurrency, "
       "run_timeout, max_attempts, retry_after, slack, max_instances, takeover_after, "
       "on_database_error, wake_wait, precheck, precheck_max_age, keep, log_size, state_dir, "
       "log_dir, database, report, metrics, scrapy, crawl, spider, notify, spiders"},
      {"[metrics]\nfile = 'x'",
       "DIR/x.toml:2: unknown key \"file\" in [metrics]; known here: path"},
  };
  for (const auto& row : rows) CHECK(refusal(row.toml) == row.text);
}

TEST_CASE("what is missing or given twice is refused") {
  const Row rows[] = {
      {"\n[scrapy]",
       "DIR/x.toml:2: scrapy: has no project; say where scrapy.cfg is, like project = "
       "\"/srv/jobs\""},
      {"[scrapy]\nproject = 'nowhere'",
       "DIR/x.toml:2: scrapy.project: there is no DIR/nowhere/scrapy.cfg; name the directory that "
       "holds scrapy.cfg"},
      {"[scrapy]\nproject = 'jobs'\ncommand = []",
       "DIR/x.toml:3: scrapy.command: names no program; write it like [\"scrapy\"]"},
      {"[[spider]]\nname = 'a'\ncommand = ['']",
       "DIR/x.toml:3: spider.command: names no program; write it like [\"/usr/local/bin/fetch\", "
       "\"--all\"]"},
      {"[scrapy]\nproject = 'jobs'\n[[crawl]]\nspider = 'a'",
       "DIR/x.toml:3: crawl: has no name; add name = \"…\""},
      {"[scrapy]\nproject = 'jobs'\n[[crawl]]\nname = 'a'",
       "DIR/x.toml:3: crawl: \"a\" has no spider; name one of the project, like spider = "
       "\"books\""},
      {"[[crawl]]\nname = 'a'\nspider = 'b'",
       "DIR/x.toml:1: crawl: there is no [scrapy] whose spider it could be; say where the project "
       "is"},
      {"[scrapy]\nproject = 'jobs'\n[[crawl]]\nname = 'a'\nspider = 'b'\n[[spider]]\nname = 'a'\n"
       "command = ['c']",
       "DIR/x.toml:7: spider.name: another spider has the name \"a\"; give each its own"},
      {"[[spider]]\ncommand = ['a']", "DIR/x.toml:1: spider: has no name; add name = \"…\""},
      {"[[spider]]\nname = 'a'",
       "DIR/x.toml:1: spider: \"a\" has no command; add command = [\"/path/to/program\"]"},
      {"[[spider]]\nname = 'a'\ncommand = ['a']\n[[spider]]\nname = 'a'\ncommand = ['b']",
       "DIR/x.toml:5: spider.name: another spider has the name \"a\"; give each its own"},
      {"[database]\nurl = 'postgresql://me@db/x'\nuser = 'you'",
       "DIR/x.toml:3: database.user: the url has one too; give it in one place"},
      {"[database]\npassword = 'p'\npassword_file = 'empty'",
       "DIR/x.toml:3: database.password_file: there is a password, too; give one of them"},
      {"[database]\npassword_file = 'empty'",
       "DIR/x.toml:2: database.password_file: cannot read DIR/empty; name a file whose first line "
       "is the password"},
      {"[database]\npassword_file = 'jobs'",
       "DIR/x.toml:2: database.password_file: cannot read DIR/jobs; name a file whose first line "
       "is the password"},
      {"interval = '1h'\nslack = '1h'",
       "DIR/x.toml:2: slack: 1h is not shorter than the interval (1h); every tick would run the "
       "spiders"},
  };
  for (const auto& row : rows) CHECK(refusal(row.toml) == row.text);
}

TEST_CASE("a name of a variable or of a setting holds no NUL either") {
  CHECK(refusal("[spiders]\nenv = { \"A\\u0000B\" = 'x' }") ==
        "DIR/x.toml:2: spiders.env: holds a NUL character; take it out");
  CHECK(refusal("[scrapy]\nproject = 'jobs'\nsettings = { \"A\\u0000B\" = 1 }") ==
        "DIR/x.toml:3: scrapy.settings: holds a NUL character; take it out");
}

TEST_CASE("a path that is too long for any file is refused like any other that is not there") {
  const std::string name(300, 'p');
  CHECK(refusal("[scrapy]\nproject = '" + name + "'") ==
        "DIR/x.toml:2: scrapy.project: there is no DIR/" + name +
            "/scrapy.cfg; name the directory that holds scrapy.cfg");
  CHECK(refusal("[database]\npassword_file = '" + name + "'") ==
        "DIR/x.toml:2: database.password_file: cannot read DIR/" + name +
            "; name a file whose first line is the password");
}

TEST_CASE("a table's name that begins with no letter is refused with its line") {
  for (const std::string toml : {"\n[{x]", "\n[[{x]]", "\n[ =x]"}) {
    CAPTURE(toml);
    const auto text = refusal(toml);
    CHECK(text.rfind("DIR/x.toml:2: ", 0) == 0);
    CHECK(text.find("; the file must be valid TOML") != std::string::npos);
  }
}

TEST_CASE("a variable is refused by its name") {
  const auto text = [](const std::string& name, const std::string& wanted) {
    return "environment: " + name + ": expected " + wanted;
  };
  CHECK(environment_refusal("SCHEDULER_ENABLED", "maybe") ==
        text("SCHEDULER_ENABLED", "true or false, found \"maybe\""));
  for (const std::string value :
       {"0", "-1", "four", "4h", "4 ", " 4", "0x4", "inf", "nan", "1e9", "240001", "0.0001"}) {
    CHECK(environment_refusal("SCHEDULER_INTERVAL_HOURS", value) ==
          text("SCHEDULER_INTERVAL_HOURS",
               "a number of hours, like 4 or 0.5, found \"" + value + "\""));
  }
  for (const std::string value : {"0", "-1", "101", "1.5", "one", "1 ", "99999999999"}) {
    CHECK(environment_refusal("SCHEDULER_MAX_INSTANCES", value) ==
          text("SCHEDULER_MAX_INSTANCES", "a whole number from 1 to 100, found \"" + value + "\""));
  }
  for (const std::string value : {"0", "65536", "http", "-5432", "5432 ", "99999999999"}) {
    CHECK(environment_refusal("DB_PORT", value) ==
          "environment: DB_PORT: \"" + value +
              "\" is not a valid port; expected a number from 1 to 65535");
  }
}

TEST_CASE("a setting of a .env file is refused with file and line") {
  CHECK(refusal("", {}, "A=1\nSCHEDULER_ENABLED=perhaps\n") ==
        "DIR/.env:2: SCHEDULER_ENABLED: expected true or false, found \"perhaps\"");
  CHECK(refusal("", {}, "DB_PORT=x\n") ==
        "DIR/.env:1: DB_PORT: \"x\" is not a valid port; expected a number from 1 to 65535");
}

}  // namespace spider_check
