#include "config/spider_rules.hpp"

#include <doctest/doctest.h>

namespace spider_check {

using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;
using Variables = std::vector<std::pair<std::string, std::string>>;

SpiderJob program(const std::string& name) {
  SpiderJob job;
  job.name = name;
  job.command = {"/bin/x"};
  job.arguments_at = 1;
  return job;
}

SpiderJob crawl(const std::string& name) {
  SpiderJob job;
  job.name = name;
  job.command = {"scrapy", "crawl", name};
  job.arguments_at = 2;
  job.crawl = true;
  return job;
}

SpiderJob ruled(const Config& config, SpiderJob job) {
  apply_rules(config, job);
  return job;
}

SpiderRules with_timeout(Duration timeout) {
  SpiderRules rules;
  rules.timeout = timeout;
  return rules;
}

}  // namespace

TEST_CASE("without rules a crawl has an hour and may not stall, a program may") {
  const Config config;
  CHECK(ruled(config, crawl("a")).limits.timeout == 1h);
  CHECK(ruled(config, crawl("a")).limits.stall_timeout == 10min);
  CHECK(ruled(config, program("a")).limits.stall_timeout == 0s);
  CHECK(ruled(config, crawl("a")).criteria.min_items == 1);
}

TEST_CASE("what is said for all is for crawls and programs") {
  Config config;
  config.spiders.stall_timeout = 3min;
  config.spiders.min_items = 0;
  config.spiders.max_errors = 5;
  config.spiders.nice = 3;
  for (const auto& job : {ruled(config, crawl("a")), ruled(config, program("a"))}) {
    CHECK(job.limits.stall_timeout == 3min);
    CHECK(job.criteria.min_items == 0);
    CHECK(job.criteria.max_errors == 5);
    CHECK(job.limits.nice == 3);
  }
}

TEST_CASE("later globs win over earlier ones, and the very name over all") {
  Config config;
  config.spiders = with_timeout(1min);
  config.overrides = {{"news_it", with_timeout(2min), ""},
                      {"news_*", with_timeout(3min), ""},
                      {"*_it", with_timeout(4min), ""}};
  CHECK(ruled(config, crawl("other")).limits.timeout == 1min);
  CHECK(ruled(config, crawl("news_fr")).limits.timeout == 3min);
  CHECK(ruled(config, crawl("jobs_it")).limits.timeout == 4min);
  CHECK(ruled(config, crawl("news_it")).limits.timeout == 2min);
}

TEST_CASE("a name that looks like a glob is for itself, too") {
  const SpiderOverride table{"a[1]", {}, ""};
  CHECK(is_for(table, "a[1]"));
  CHECK(is_for(table, "a1"));
  CHECK_FALSE(is_for(table, "a2"));
}

TEST_CASE("arguments come before a crawl's name and behind a program's command") {
  Config config;
  config.spiders.arguments = Words{"-a", "x=1"};
  CHECK(ruled(config, crawl("c")).command == Words{"scrapy", "crawl", "-a", "x=1", "c"});
  CHECK(ruled(config, program("p")).command == Words{"/bin/x", "-a", "x=1"});
}

TEST_CASE("variables of all and of one are put together, each name once") {
  Config config;
  config.spiders.environment = {{"A", "all"}, {"B", "all"}};
  SpiderRules own;
  own.environment = {{"A", "own"}};
  config.overrides = {{"c", own, ""}};
  CHECK(ruled(config, crawl("c")).environment == Variables{{"B", "all"}, {"A", "own"}});
}

TEST_CASE("rows are counted where the schedule is recorded, or in a database of their own") {
  Config config;
  config.database.parameters = {{"host", "db"}, {"gssencmode", "disable"}, {"password", "p"}};
  config.database.statement_timeout = 2s;
  CHECK_FALSE(ruled(config, crawl("a")).row_check);
  config.spiders.check_sql = "a query";
  config.spiders.min_rows = 10;
  SpiderRules own;
  own.check_url.emplace()["host"] = "other";
  config.overrides = {{"b", own, ""}};
  const auto here = ruled(config, program("a"));
  REQUIRE(here.row_check);
  CHECK(here.row_check->sql == "a query");
  CHECK(here.row_check->database.parameters == config.database.parameters);
  CHECK(here.criteria.min_rows == 10);
  const auto there = ruled(config, crawl("b")).row_check.value().database;
  CHECK(there.parameters ==
        std::map<std::string, std::string>{{"host", "other"}, {"gssencmode", "disable"}});
  CHECK(there.statement_timeout == 2s);
}

}  // namespace spider_check
