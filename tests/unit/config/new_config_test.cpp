// The configuration that `init` writes is read back.
#include <algorithm>
#include <sstream>

#include <doctest/doctest.h>

#include "config/init.hpp"
#include "config/load.hpp"
#include "golden/golden.hpp"
#include "process/temp_directory.hpp"
#include "schedule/crawl.hpp"
#include "util/errors.hpp"

namespace spider_check {

namespace {

using Words = std::vector<std::string>;

/** What a text says, read where there is a project in "jobs". */
Config read(const std::string& text) {
  const test::TempDirectory directory;
  directory.write("jobs/scrapy.cfg", "");
  directory.write("scrapy.cfg", "");
  directory.write("spider-check.toml", text);
  return load({}, {{}, directory.path(), directory.path()}).config;
}

/** With the # taken away from each key and table. */
std::string all_set(const std::string& text) {
  std::istringstream stream(text);
  std::string result;
  for (std::string line; std::getline(stream, line);) {
    const bool is_setting = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    result += (is_setting ? line.substr(1) : line) + "\n";
  }
  return result;
}

}  // namespace

TEST_CASE("the text of a new configuration") {
  const NewConfig config{".", "/srv/jobs/.venv/bin/scrapy", "news", {}, "jobs"};
  test::check_golden("new-config.toml", new_config_text(config));
}

TEST_CASE("what is known is set, and nothing else") {
  const auto config = read(new_config_text({"jobs", "/usr/bin/scrapy", "", {}}));
  REQUIRE(config.scrapy.has_value());
  CHECK(config.scrapy->project.filename() == "jobs");
  CHECK(config.scrapy->command == Words{"/usr/bin/scrapy"});
  CHECK(config.overrides.empty());
  CHECK(config.programs.empty());
  CHECK_FALSE(config.database.parameters.contains("host"));
}

TEST_CASE("a Scrapy that was not found is the one in PATH") {
  CHECK(read(new_config_text({".", "", "", {}})).scrapy->command == Words{"scrapy"});
}

TEST_CASE("variables that the spiders need are set") {
  const std::vector<std::pair<std::string, std::string>> variables{{"SCRAPY_PROJECT", "a \"b\" \\"},
                                                                   {"PYTHONPATH", "/x:/y"}};
  CHECK(read(new_config_text({".", "", "", {}, {}, variables})).spiders.environment.size() == 2);
  for (const auto& variable : read("[spiders]\n" + env_text(variables)).spiders.environment) {
    CHECK(std::count(variables.begin(), variables.end(), variable) == 1);
  }
}

TEST_CASE("every key behind a # is one that the program knows, with its default where it has one") {
  const auto text = new_config_text({"jobs", "/usr/bin/scrapy", "news", {}});
  const auto set = read(all_set(text));
  CHECK(set.overrides.size() == 1);
  CHECK(set.overrides.front().pattern == "news");
  CHECK(set.programs.size() == 1);
  const auto plain = read(text);
  CHECK(set.policy.interval == plain.policy.interval);
  CHECK(set.policy.retry_after == plain.policy.retry_after);
  CHECK(set.policy.max_attempts == plain.policy.max_attempts);
  CHECK(set.policy.slack == plain.policy.slack);
  CHECK(set.concurrency == plain.concurrency);
  CHECK(set.run_timeout == plain.run_timeout);
  CHECK(set.max_instances == plain.max_instances);
  CHECK(set.takeover_after == plain.takeover_after);
  CHECK(set.on_database_error == plain.on_database_error);
  CHECK(set.wake_wait == plain.wake_wait);
  CHECK(set.precheck_max_age == plain.precheck_max_age);
  CHECK(set.precheck.size() == 2);
  CHECK(set.keep == plain.keep);
  CHECK(set.log_size == plain.log_size);
  CHECK(set.report_path.filename() == "page.html");
  CHECK(plain.report_path.empty());
  CHECK(set.database.connect_timeout == plain.database.connect_timeout);
  CHECK(set.database.statement_timeout == plain.database.statement_timeout);
  CHECK(set.scrapy->include == plain.scrapy->include);
  CHECK(set.scrapy->list_timeout == plain.scrapy->list_timeout);
  const SpiderLimits limits;
  CHECK(set.spiders.timeout == limits.timeout);
  CHECK(set.spiders.grace == limits.grace);
  const Criteria criteria;
  CHECK(set.spiders.min_items == criteria.min_items);
  CHECK(set.spiders.min_items_ratio == criteria.min_items_ratio);
  CHECK(set.spiders.max_time_ratio == criteria.max_time_ratio);
  CHECK(set.spiders.finish_reasons == criteria.finish_reasons);
  CHECK(set.spiders.min_rows == criteria.min_rows);
  CHECK(set.spiders.check_sql.has_value());
}

TEST_CASE("names with quotes, backslashes and control characters are read back as they are") {
  for (const std::string name : {"it's", "a\"b", "a\\b", "a\nb\x7f\x1b", "añb", "a#b = [c]"}) {
    CAPTURE(name);
    CHECK(read(new_config_text({".", "/" + name + "/scrapy", "", {}})).scrapy->command ==
          Words{"/" + name + "/scrapy"});
  }
}

TEST_CASE("a name that is no UTF-8 is refused") {
  CHECK_THROWS_AS((void)new_config_text({"a\xff", "", "", {}}), UsageError);
}

TEST_CASE("the database's variables are found where a tick would find them") {
  const test::TempDirectory directory;
  const auto here = directory.path() / "here";
  directory.write("file/.env", "OTHER=1\nDB_NAME=\n");
  directory.write("here/x", "");
  const Environment environment{{{"PGPASSWORD", "s3cret"}, {"DB_HOST", "h"}}, here, here};
  const auto find = [&] { return find_database_variables(directory.path() / "file", environment); };
  CHECK(find().names == Words{"DB_HOST", "PGPASSWORD"});
  CHECK(find().where == "the environment");
  CHECK_FALSE(find().always_read);
  directory.write("here/.env", "PGSERVICE=x\n");
  CHECK(find().names == Words{"PGSERVICE"});
  CHECK(find().where == (here / ".env").string());
  CHECK_FALSE(find().always_read);
  directory.write("file/.env", "DB_NAME=x\n");
  CHECK(find().names == Words{"DB_NAME"});
  CHECK(find().always_read);
}

TEST_CASE("the comment on the database says who knows it") {
  const auto text = [](const DatabaseVariables& database) {
    return new_config_text({".", "", "", database});
  };
  const auto has = [](const std::string& whole, const std::string& part) {
    return whole.find(part) != std::string::npos;
  };
  CHECK(has(text({}), "~/.pgpass"));
  CHECK(has(text({{"DB_HOST", "DB_NAME"}, "/x/.env", true}), "DB_HOST, DB_NAME"));
  CHECK_FALSE(has(text({{"DB_HOST"}, "/x/.env", true}), "cron"));
  CHECK(has(text({{"DB_HOST"}, "the environment", false}), "What cron and systemd start"));
}

}  // namespace spider_check
