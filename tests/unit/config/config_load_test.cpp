// Where a configuration comes from: which file, which source wins, which directories.
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "process/temp_directory.hpp"
#include "util/errors.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

using Variables = decltype(Environment::variables);

/**
 * A user with a home, in a working directory with an empty file: the machine may have one in /etc,
 * which must not matter.
 */
class World {
 public:
  World() : environment{{}, directory.path() / "here", directory.path() / "home"} {
    directory.write("here/spider-check.toml", "");
  }

  [[nodiscard]] Loaded load(const std::optional<std::string>& file = std::nullopt) const {
    return spider_check::load(file, environment);
  }

  test::TempDirectory directory;
  Environment environment;
};

}  // namespace

TEST_CASE("an empty file leaves everything at its default") {
  const World world;
  const auto config = world.load().config;
  CHECK(config.name == "default");
  CHECK(config.policy.enabled);
  CHECK(config.policy.interval == 4h);
  CHECK(config.policy.slack == 0s);
  CHECK(config.policy.retry_after == 15min);
  CHECK(config.policy.max_attempts == 3);
  CHECK(config.takeover_after == 2min);
  CHECK(config.on_database_error == OnDatabaseError::run);
  CHECK(config.wake_wait == 30s);
  CHECK(config.precheck.empty());
  CHECK(config.precheck_max_age == 24h);
  CHECK(config.max_instances == 1);
  CHECK(config.timezone.empty());
  CHECK(config.database.connect_timeout == 5s);
  CHECK(config.database.statement_timeout == 5s);
  CHECK(config.database.inherited_options.empty());
  const std::map<std::string, std::string> expected{{"gssencmode", "disable"}};
  CHECK(config.database.parameters == expected);
  CHECK_FALSE(config.scrapy.has_value());
  CHECK(config.programs.empty());
  CHECK(config.log_dir == world.environment.home / ".local/state/spider-check/logs");
}

TEST_CASE(
    "a file is looked for in the working directory, the user's directory and /etc, in order") {
  Environment environment{{}, "/here", "/home/me"};
  using Paths = std::vector<std::filesystem::path>;
  CHECK(default_files(environment) == Paths{"/here/spider-check.toml",
                                            "/home/me/.config/spider-check/config.toml",
                                            "/etc/spider-check/config.toml"});
  environment.variables["XDG_CONFIG_HOME"] = "/xdg";
  CHECK(default_files(environment) == Paths{"/here/spider-check.toml",
                                            "/xdg/spider-check/config.toml",
                                            "/etc/spider-check/config.toml"});
}

TEST_CASE("of several files the strongest is read, and it alone") {
  World world;
  std::filesystem::remove(world.directory.path() / "here/spider-check.toml");
  const auto home = world.directory.write("home/.config/spider-check/config.toml", "name = 'home'");
  CHECK(world.load().config.name == "home");
  CHECK(world.load().file == home);
  world.directory.write("xdg/spider-check/config.toml", "name = 'xdg'");
  world.environment.variables["XDG_CONFIG_HOME"] = world.directory.path() / "xdg";
  CHECK(world.load().config.name == "xdg");
  world.directory.write("here/spider-check.toml", "interval = '1h'");
  CHECK(world.load().config.name == "default");
  CHECK(world.load().config.policy.interval == 1h);
  world.directory.write("here/named.toml", "name = 'variable'");
  world.environment.variables["SPIDER_CHECK_CONFIG"] = "named.toml";
  CHECK(world.load().config.name == "variable");
  world.directory.write("flag.toml", "name = 'flag'");
  CHECK(world.load("../flag.toml").config.name == "flag");
  CHECK(world.load("../flag.toml").file == world.directory.path() / "flag.toml");
}

TEST_CASE("a file that is named must be there") {
  World world;
  const auto text = (world.environment.working_directory / "x.toml").string() +
                    ": cannot be read: No such file or directory; name a file that can be read";
  CHECK_THROWS_WITH_AS((void)world.load("x.toml"), text.c_str(), UsageError);
  world.environment.variables["SPIDER_CHECK_CONFIG"] = "x.toml";
  CHECK_THROWS_WITH_AS((void)world.load(), text.c_str(), UsageError);
}

TEST_CASE("a directory is no configuration file") {
  const World world;
  const auto text = world.directory.path().string() +
                    ": cannot be read: Is a directory; name a file that can be read";
  CHECK_THROWS_WITH_AS((void)world.load(world.directory.path()), text.c_str(), UsageError);
}

TEST_CASE("environment beats .env beats file, variable by variable") {
  World world;
  world.directory.write("here/spider-check.toml",
                        "interval = '1h'\nmax_instances = 2\n[database]\nhost = 'file'\n"
                        "name = 'file'\nuser = 'file'\n");
  world.directory.write("here/.env",
                        "SCHEDULER_INTERVAL_HOURS=2\nDB_NAME=dotenv\nDB_USER=dotenv\n");
  world.environment.variables = {{"SCHEDULER_INTERVAL_HOURS", "3"}, {"DB_USER", "environment"}};
  const auto config = world.load().config;
  CHECK(config.policy.interval == 3h);
  CHECK(config.max_instances == 2);
  CHECK(config.database.parameters.at("host") == "file");
  CHECK(config.database.parameters.at("dbname") == "dotenv");
  CHECK(config.database.parameters.at("user") == "environment");
}

TEST_CASE("ports and addresses that do not fit the hosts are refused where they were named") {
  const auto why = [](const std::string& dotenv, Variables variables) {
    World world;
    world.directory.write("here/.env", dotenv);
    world.environment.variables = std::move(variables);
    try {
      (void)world.load();
      return std::string();
    } catch (const UsageError& error) {
      const std::string text = error.what();
      return text.substr(text.rfind('/') + 1);
    }
  };
  CHECK(why("DB_HOST=a\nDB_PORT=1,2\n", {}).starts_with(".env:2: DB_PORT: expected one port"));
  CHECK(why("PGPORT=1,2\n", {}).starts_with(".env:1: PGPORT: "));
  CHECK(why("DB_PORT=1,2\n", {{"PGPORT", "1,2"}}).starts_with("environment: PGPORT: "));
  CHECK(why("PGHOST=a\nPGHOSTADDR=1.1.1.1,2.2.2.2\n", {})
            .starts_with(".env:2: PGHOSTADDR: expected as many addresses"));
}

TEST_CASE("an empty variable counts as none") {
  World world;
  world.directory.write("here/spider-check.toml", "interval = '1h'\n[database]\nhost = 'file'\n");
  world.directory.write("here/.env", "DB_HOST=\nSCHEDULER_INTERVAL_HOURS=\n");
  world.environment.variables = {{"DB_HOST", ""},
                                 {"SPIDER_CHECK_CONFIG", ""},
                                 {"SCHEDULER_INTERVAL_HOURS", ""},
                                 {"PGHOST", ""}};
  CHECK(world.load().config.policy.interval == 1h);
  CHECK(world.load().config.database.parameters.at("host") == "file");
}

TEST_CASE("the .env of the working directory comes before the one beside the file") {
  const World world;
  const auto file = world.directory.write("etc/x.toml", "").string();
  world.directory.write("etc/.env", "DB_HOST=beside\n");
  CHECK(world.load(file).config.database.parameters.at("host") == "beside");
  world.directory.write("here/.env", "DB_NAME=here\n");
  const auto parameters = world.load(file).config.database.parameters;
  CHECK(parameters.at("dbname") == "here");
  CHECK(parameters.count("host") == 0);
}

TEST_CASE("relative paths in a file count from the file's directory") {
  const World world;
  world.directory.write("etc/jobs/scrapy.cfg", "");
  const auto file = world.directory.write(
      "etc/x.toml",
      "log_dir = 'logs'\n[scrapy]\nproject = 'jobs'\ncommand = ['../venv/bin/scrapy', './x']\n"
      "[[spider]]\nname = 'a'\ncommand = ['bin/a', 'in/b']\n"
      "[[spider]]\nname = 'b'\ncommand = ['python3', 'b.py']\n");
  const auto config = world.load(file).config;
  const auto etc = world.directory.path() / "etc";
  using Command = std::vector<std::string>;
  CHECK(config.log_dir == etc / "logs");
  CHECK(config.scrapy->project == etc / "jobs");
  CHECK(config.scrapy->command ==
        Command{(world.directory.path() / "venv/bin/scrapy").string(), "./x"});
  CHECK(config.programs[0].command == Command{(etc / "bin/a").string(), "in/b"});
  CHECK(config.programs[1].command == Command{"python3", "b.py"});
}

TEST_CASE("logs go to the directory that the file, systemd, XDG or the home gives, in order") {
  World world;
  auto& variables = world.environment.variables;
  variables["XDG_STATE_HOME"] = "/xdg";
  CHECK(world.load().config.log_dir == "/xdg/spider-check/logs");
  variables["STATE_DIRECTORY"] = "/var/lib/spider-check:/var/lib/other";
  CHECK(world.load().config.log_dir == "/var/lib/spider-check/logs");
  world.directory.write("here/spider-check.toml", "state_dir = '/state'");
  CHECK(world.load().config.log_dir == "/state/logs");
  variables["LOGS_DIRECTORY"] = "/var/log/spider-check:/var/log/other";
  CHECK(world.load().config.log_dir == "/var/log/spider-check");
  world.directory.write("here/spider-check.toml", "state_dir = '/state'\nlog_dir = '/logs'");
  CHECK(world.load().config.log_dir == "/logs");
}

TEST_CASE("a person in a Scrapy project means that one, unless the file says what to run") {
  const World world;
  CHECK_FALSE(world.load().config.scrapy.has_value());
  world.directory.write("here/scrapy.cfg", "");
  REQUIRE(world.load().config.scrapy.has_value());
  CHECK(world.load().config.scrapy->project == world.environment.working_directory);
  CHECK(world.load().config.scrapy->command == std::vector<std::string>{"scrapy"});
  world.directory.write("here/spider-check.toml", "[[spider]]\nname = 'a'\ncommand = ['a']\n");
  CHECK_FALSE(world.load().config.scrapy.has_value());
}

TEST_CASE(
    "below a Scrapy project it is as in its directory, where no other file says what to run") {
  World world;
  world.directory.write("project/scrapy.cfg", "");
  world.directory.write("project/.env", "SCHEDULER_INTERVAL_HOURS=1\n");
  world.directory.write("project/a/b/x", "");
  const auto project = world.directory.path() / "project";
  world.environment.working_directory = project / "a/b";
  const auto found = world.load();
  REQUIRE(found.config.scrapy.has_value());
  CHECK(found.config.scrapy->project == project);
  CHECK(found.config.identity == std::vector{project});
  CHECK(found.config.policy.interval == 1h);
  const auto beside =
      world.directory.write("project/spider-check.toml", "[scrapy]\nproject = '.'\n");
  CHECK(world.load().file == beside);
  const auto users = world.directory.write("home/.config/spider-check/config.toml", "");
  CHECK(world.load().file == users);
  CHECK_FALSE(world.load().config.scrapy.has_value());
}

TEST_CASE("the real environment is read as it is") {
  ::setenv("SPIDER_CHECK_TEST_VARIABLE", "a=b", 1);
  ::setenv("SPIDER_CHECK_TEST_EMPTY", "", 1);
  const auto environment = read_environment();
  CHECK(environment.get("SPIDER_CHECK_TEST_VARIABLE") == "a=b");
  CHECK_FALSE(environment.get("SPIDER_CHECK_TEST_EMPTY").has_value());
  CHECK_FALSE(environment.get("SPIDER_CHECK_TEST_MISSING").has_value());
  CHECK(environment.working_directory == std::filesystem::current_path());
  ::unsetenv("SPIDER_CHECK_TEST_VARIABLE");
  ::unsetenv("SPIDER_CHECK_TEST_EMPTY");
}

TEST_CASE("a configuration is known by its file, as it was named and as it is") {
  const World world;
  const auto file = world.directory.write("releases/1/jobs.toml", "");
  const auto link = world.directory.path() / "current";
  std::filesystem::create_symlink(file.parent_path(), link);
  using Paths = std::vector<std::filesystem::path>;
  CHECK(world.load(file.string()).config.identity == Paths{file});
  CHECK(world.load("../current/jobs.toml").config.identity == Paths{link / "jobs.toml", file});
}

TEST_CASE("what is configured by variables is known by its directory, also once it has a file") {
  World world;
  const auto here = world.environment.working_directory;
  using Paths = std::vector<std::filesystem::path>;
  CHECK(world.load().config.identity == Paths{here / "spider-check.toml", here});
  std::filesystem::remove(here / "spider-check.toml");
  const auto loaded = world.load();
  // The machine may have one in /etc.
  CHECK(loaded.config.identity == Paths{loaded.file.value_or(here)});
}

}  // namespace spider_check
