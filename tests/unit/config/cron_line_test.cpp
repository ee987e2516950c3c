// The line of a crontab makes cron do what a tick does that is typed here.
#include <map>

#include <doctest/doctest.h>

#include "config/init.hpp"
#include "process/temp_directory.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

namespace fs = std::filesystem;

using Variables = std::vector<std::pair<std::string, std::string>>;

/** A person's machine: a home, a project in it, and a shell that stands in the project. */
struct Desk {
  test::TempDirectory directory;
  Environment environment;

  Desk() {
    directory.write("home/x", "");
    directory.write("jobs/spider-check.toml", "[[spider]]\nname = 'a'\ncommand = ['sh']\n");
    environment = {{}, directory.path() / "jobs", home()};
  }

  [[nodiscard]] fs::path home() const { return directory.path() / "home"; }

  [[nodiscard]] fs::path file() const { return directory.path() / "jobs/spider-check.toml"; }

  [[nodiscard]] Loaded loaded() const { return load(file(), environment); }

  [[nodiscard]] CronJob job() const { return cron_job(loaded(), environment, home()); }

  [[nodiscard]] std::vector<std::string> warnings() const {
    return cron_line(loaded(), environment, home()).warnings;
  }
};

std::string refusal(const Loaded& loaded, const Desk& desk) {
  try {
    return cron_line(loaded, desk.environment, desk.home()).text;
  } catch (const UsageError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("a word for a shell is quoted where it must be") {
  const std::pair<std::string, std::string> rows[] = {
      {"/srv/jobs/x.toml", "/srv/jobs/x.toml"},
      {"", "''"},
      {"a b", "'a b'"},
      {"it's", R"('it'\''s')"},
      {"~a", "'~a'"},
      {"a$b", "'a$b'"},
  };
  for (const auto& [text, word] : rows) CHECK(shell_word(text) == word);
}

TEST_CASE("a path in a crontab is one word, whatever is in it") {
  const std::pair<std::string, std::string> rows[] = {
      {"/srv/jobs/x.toml", "/srv/jobs/x.toml"},
      {"/a b/x", "'/a b/x'"},
      {"/100%/x", "/100\\%/x"},
      {"/100 %/x", "'/100 \\%/x'"},
      {"/it's/x", R"('/it'\''s/x')"},
      {"/a\"b/x", "'/a\"b/x'"},
      {"/~/x", "'/~/x'"},
      {"/a#b;c&d/x", "'/a#b;c&d/x'"},
      // cron makes \% of it %, and may make \\ of it \, too.
      {R"(/a\b/x)", R"('/a\b/x')"},
      {R"(/a\%/x)", R"('/a\''\%/x')"},
      {R"(/a\\b/x)", R"('/a\''\b/x')"},
  };
  for (const auto& [path, word] : rows) {
    CHECK(crontab_line({"/usr/bin/spider-check", path}) ==
          "*/5 * * * * /usr/bin/spider-check -q -c " + word);
    CHECK(crontab_line({path, "/x"}) == "*/5 * * * * " + word + " -q -c /x");
  }
}

TEST_CASE("what cron lacks goes before the program") {
  CHECK(crontab_line({"/bin/p", "/x", "/a b", {{"PATH", "/v %:/bin"}, {"HOME", "/h"}}}) ==
        "*/5 * * * * cd '/a b' && PATH='/v \\%:/bin' HOME=/h /bin/p -q -c /x");
}

TEST_CASE("where cron lacks nothing the line has the program and the configuration only") {
  const Desk desk;
  const auto job = desk.job();
  CHECK(job.program.is_absolute());
  CHECK(job.program.filename() == "spider-check");
  CHECK(job.file == desk.file());
  CHECK(job.directory.empty());
  CHECK(job.variables.empty());
  CHECK(desk.warnings().empty());
}

TEST_CASE("a home, a state and a log directory that the shell names are cron's, too") {
  Desk desk;
  desk.environment.variables["XDG_STATE_HOME"] = "/s";
  CHECK(desk.job().variables == Variables{{"STATE_DIRECTORY", "/s/spider-check"}});
  desk.environment.variables = {{"STATE_DIRECTORY", "/s"}, {"LOGS_DIRECTORY", "/l"}};
  CHECK(desk.job().variables == Variables{{"STATE_DIRECTORY", "/s"}, {"LOGS_DIRECTORY", "/l"}});
  desk.environment.variables = {{"STATE_DIRECTORY", "state"}};
  const auto state = (desk.environment.working_directory / "state").string();
  CHECK(desk.job().variables == Variables{{"STATE_DIRECTORY", state}});
  desk.environment.variables.clear();
  desk.environment.home = "/elsewhere";
  CHECK(desk.job().variables == Variables{{"HOME", "/elsewhere"}});
}

TEST_CASE("a directory that the configuration names is no matter") {
  Desk desk;
  desk.directory.write("jobs/spider-check.toml", "state_dir = '/s'\n");
  desk.environment.variables = {{"STATE_DIRECTORY", "/t"}};
  CHECK(desk.job().variables.empty());
}

TEST_CASE("cron reads the .env file that this shell reads") {
  Desk desk;
  desk.directory.write("home/.env", "DB_HOST=other\n");
  CHECK(desk.job().directory == desk.environment.working_directory);  // or that one would be read
  desk.directory.write("jobs/.env", "DB_HOST=h\n");
  CHECK(desk.job().directory == desk.environment.working_directory);
  fs::remove(desk.home() / ".env");
  CHECK(desk.job().directory.empty());
  desk.directory.write("here/.env", "DB_HOST=h\n");
  desk.environment.working_directory = desk.directory.path() / "here";
  CHECK(desk.job().directory == desk.environment.working_directory);
}

TEST_CASE("variables that cron will not have are named without their values") {
  Desk desk;
  desk.environment.variables = {{"PGPASSWORD", "s3cret"}, {"DB_HOST", "h"}, {"OTHER", "x"}};
  const auto dotenv = (desk.directory.path() / "jobs/.env").string();
  CHECK(desk.warnings() == std::vector<std::string>{
                               "of the environment, cron does not have DB_HOST, PGPASSWORD; write "
                               "what ticks need into " +
                               dotenv});
  desk.directory.write("jobs/.env", "DB_HOST=h\nPGPASSWORD=s3cret\n");
  CHECK(desk.warnings().empty());
  desk.directory.write("jobs/.env", "DB_HOST=another\nPGPASSWORD=s3cret\n");
  REQUIRE(desk.warnings().size() == 1);
  CHECK(desk.warnings().front().find("DB_HOST;") != std::string::npos);
}

TEST_CASE("variables that Scrapy reads belong into the configuration") {
  Desk desk;
  desk.environment.variables = {{"SCRAPY_PROJECT", "one"}};
  CHECK(desk.warnings().empty());
  const std::string config = "[scrapy]\nproject = '.'\n";
  desk.directory.write("jobs/scrapy.cfg", "");
  desk.directory.write("jobs/spider-check.toml", config);
  CHECK(desk.warnings() ==
        std::vector<std::string>{"cron does not have what Scrapy reads of this environment; write "
                                 "env = { SCRAPY_PROJECT = \"one\" } into [spiders] of " +
                                 desk.file().string()});
  desk.directory.write("jobs/spider-check.toml",
                       config + "[spiders]\nenv = { SCRAPY_PROJECT = 'two' }\n");
  CHECK(desk.warnings().empty());
}

TEST_CASE("without a configuration it says what to do") {
  CHECK(refusal({}, Desk()) ==
        "init --cron: there is no configuration yet; type spider-check init where your project is, "
        "or name one with -c FILE");
}

TEST_CASE("a path that a crontab cannot hold is refused") {
  const Desk desk;
  desk.directory.write("a\nb.toml", "");
  const auto loaded = load(desk.directory.path() / "a\nb.toml", desk.environment);
  const auto text = refusal(loaded, desk);
  CHECK(text.starts_with("init --cron: a crontab cannot hold the control character in: "));
  CHECK(text.ends_with("; rename the file or the directory"));
}

}  // namespace spider_check
