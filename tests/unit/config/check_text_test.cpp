// What `check` shows, held against tests/golden; see golden.hpp for how to accept a change.
#include <doctest/doctest.h>

#include "config/check.hpp"
#include "golden/golden.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

using Kind = CheckFinding::Kind;

CheckReport good_report() {
  CheckReport report;
  report.facts = {{"Config", "/srv/jobs/spider-check.toml"},
                  {"", "of the environment: DB_HOST"},
                  {"Database", "PostgreSQL 15.14"}};
  CheckedSpider news;
  news.name = "news";
  news.crawl = true;
  news.limits.stall_timeout = 10min;
  CheckedSpider rss;
  rss.name = "rss";
  rss.limits.timeout = rss.limits.stall_timeout = 0s;
  report.spiders = {news, rss};
  report.next = "a tick runs 2 spiders.";
  return report;
}

}  // namespace

TEST_CASE("the exit status goes by the worst that is wrong") {
  const std::pair<std::vector<Kind>, ExitCode> rows[] = {
      {{}, ExitCode::success},
      {{Kind::warning}, ExitCode::success},
      {{Kind::database}, ExitCode::database_unusable},
      {{Kind::database, Kind::warning}, ExitCode::database_unusable},
      {{Kind::problem}, ExitCode::usage},
      {{Kind::database, Kind::problem}, ExitCode::usage},
  };
  for (const auto& [kinds, code] : rows) {
    CheckReport report;
    for (const auto kind : kinds) report.findings.push_back({kind, "x"});
    CHECK(exit_code(report) == code);
  }
}

TEST_CASE("a report without findings says that everything is fine") {
  test::check_golden("check-fine.txt", check_text(good_report()));
}

TEST_CASE("problems are numbered, warnings come behind them, and nothing is fine then") {
  auto report = good_report();
  report.findings = {{Kind::problem, "first; mend it"},
                     {Kind::warning, "odd; look at it"},
                     {Kind::database, "second; mend it"}};
  test::check_golden("check-problems.txt", check_text(report));
}

TEST_CASE("with nothing but warnings it works") {
  auto report = good_report();
  report.findings = {{Kind::warning, "odd; look at it"}};
  const auto text = check_text(report);
  CHECK(text.find("\nIt works: a tick runs 2 spiders.\n") != std::string::npos);
  CHECK(text.find("Problems") == std::string::npos);
}

TEST_CASE("what differs has lines of its own, and nothing steers a terminal") {
  CheckReport report;
  CheckedSpider spider;
  spider.name = "n\x1b[2Jews";
  spider.crawl = true;
  spider.limits.nice = 19;
  spider.limits.stall_timeout = 0s;
  spider.criteria.min_items = 20;
  spider.criteria.max_errors = 3;
  spider.criteria.min_items_ratio = 0.25;
  spider.criteria.max_time_ratio = 1.5;
  spider.criteria.max_pages_ratio = 0;
  spider.criteria.optional_fields = {"note",
                                     "sal\x1b"
                                     "ary"};
  spider.criteria.finish_reasons = {"finished", "enough\n"};
  spider.criteria.ignore_status = {404, 410};
  spider.criteria.max_dead_pages = 30;
  spider.criteria.ignore_errors = {"as\tyncio"};
  spider.spider = "ne\nws";
  spider.arguments = {"-a", "q=a b", ""};
  spider.variables = {"PROXY", "TO\aKEN"};
  spider.working_directory = "/srv/\tx";
  CheckedSpider other;
  other.name = "añb";
  other.limits.stall_timeout = 0s;
  report.spiders = {spider, other};
  report.facts = {{"Config", "/srv/\x1b"}};
  report.findings = {{Kind::problem, "two\nlines"}};
  test::check_golden("check-hostile.txt", check_text(report));
}

TEST_CASE("without any spider there is no table") {
  CHECK(check_text({}).find("Spider") == std::string::npos);
}

}  // namespace spider_check
