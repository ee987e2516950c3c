// What a configuration says that is allowed and hardly meant.
#include <doctest/doctest.h>

#include "config/load.hpp"
#include "config/spider_rules.hpp"
#include "process/temp_directory.hpp"

namespace spider_check {

namespace {

using Lines = std::vector<std::string>;

SpiderJob job(const std::string& name, bool crawl) {
  SpiderJob job;
  job.name = name;
  job.crawl = crawl;
  job.command = {"x"};
  job.arguments_at = 1;
  return job;
}

/** The advice on a file, for the crawls "news" and "jobs" and the program "rss". */
Lines advice(const std::string& toml, bool all_known = true) {
  const test::TempDirectory directory;
  directory.write("spider-check.toml", toml);
  directory.write("scrapy.cfg", "");
  const auto config = load({}, {{}, directory.path(), directory.path()}).config;
  std::vector<SpiderJob> jobs{job("news", true), job("jobs", true), job("rss", false)};
  for (auto& each : jobs) apply_rules(config, each);
  auto lines = advise(config, jobs, all_known);
  const auto start = directory.path().string() + "/";
  for (auto& line : lines) {
    if (line.rfind(start, 0) == 0) line = line.substr(start.size());
  }
  return lines;
}

}  // namespace

TEST_CASE("a plain configuration needs no advice") {
  for (const std::string toml :
       {"", "[spiders]\ntimeout = '2h'\nmin_items = 3\n", "[spiders.'n*']\nmin_items = 3\n",
        "[spiders.'*s']\nmax_errors = 1\n", "run_timeout = '10m'\n", "interval = '10m'\n",
        "run_timeout = '2h'\n[spiders]\ntimeout = '2h'\n", "[spiders]\ntimeout = '0s'\n",
        "[spiders]\ntimeout = '5m'\n", "interval = '1h'\nretry_after = '59m'\n",
        "interval = '1h'\nretry_after = '2h'\nmax_attempts = 1\n", "precheck = ['x']\n",
        "interval = '3d'\nprecheck_max_age = '1h'\n", "[spiders]\ncheck_sql = 'x'\nmin_rows = 2\n",
        "[spiders]\nmin_rows = 2\n[spiders.rss]\ncheck_sql = 'x'\nmin_items_ratio = 0.1\n"}) {
    CAPTURE(toml);
    CHECK(advice(toml) == Lines{});
  }
}

TEST_CASE("each odd thing is named once, with its place and what would be right") {
  const std::pair<std::string, std::string> rows[] = {
      {"interval = '1h'\nretry_after = '1h'\n",
       "spider-check.toml:2: retry_after: 1h is not shorter than the interval (1h), so the next "
       "run is "
       "due before a retry; make it shorter"},
      {"[scrapy]\nproject = '.'\nsettings = { JOBDIR = 'crawls' }\n",
       "spider-check.toml:3: scrapy.settings: JOBDIR is for one crawl that is paused and resumed: "
       "each run passes "
       "over "
       "what the one before has seen, and spiders must not share it; take it out"},
      {"precheck = ['x']\nprecheck_max_age = '4h'\n",
       "spider-check.toml:2: precheck_max_age: data that is due is older than precheck_max_age "
       "(4h), since the interval is 4h, so the precheck never puts a run off; make "
       "precheck_max_age longer"},
      {"interval = '2d'\nprecheck = ['x']\n",
       "spider-check.toml:2: precheck: data that is due is older than precheck_max_age (1d), since "
       "the interval is 2d, so the precheck never puts a run off; make precheck_max_age longer"},
      {"run_timeout = '10m'\n[spiders]\ntimeout = '20m'\n",
       "spider-check.toml:3: spiders.timeout: 20m is never reached, since run_timeout ends the "
       "whole run after 10m; make it shorter, or run_timeout longer"},
      {"[spiders.news]\ntimeout = '5m'\nstall_timeout = '5m'\n",
       "spider-check.toml:3: spiders.\"news\".stall_timeout: 5m is never reached, since timeout "
       "ends the spider after 5m; make it shorter"},
      {"[spiders]\ntimeout = '30s'\n",
       "spider-check.toml:2: spiders.timeout: a spider may take longer to stop (grace 1m) than to "
       "work (timeout 30s); make grace the shorter one"},
      {"[spiders]\ntimeout = '30s'\n[spiders.news]\ngrace = '45s'\n[spiders.'[jr]*']\ngrace = "
       "'1s'\n",
       "spider-check.toml:4: spiders.\"news\".grace: a spider may take longer to stop (grace 45s) "
       "than to work (timeout 30s); make grace the shorter one"},
      {"[spiders.nwes]\nnice = 1\n",
       "spider-check.toml:1: spiders.\"nwes\": no spider has this name or fits it; there are: "
       "news, jobs, rss"},
      {"[spiders.'r*']\nmin_items = 1\n",
       "spider-check.toml:2: spiders.\"r*\".min_items: only a Scrapy spider is judged by it, and "
       "\"r*\" is none; take it out"},
      {"[spiders]\nmin_rows = 2\n",
       "spider-check.toml:2: spiders.min_rows: no rows are counted without a check_sql; give one, "
       "or take this out"},
      {"[spiders.news]\ncheck_url = 'postgresql:///x'\n[spiders.rss]\ncheck_sql = 'x'\n",
       "spider-check.toml:2: spiders.\"news\".check_url: no rows are counted without a check_sql; "
       "give one, or take this out"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(advice(row.first) == Lines{row.second});
  }
}

TEST_CASE("a name is not called misspelt while some spiders are unknown") {
  CHECK(advice("[spiders.nwes]\nnice = 1\n", false) == Lines{});
}

TEST_CASE("many names are cut") {
  Config config;
  config.overrides.push_back({"x", {}, "file:1: spiders.x"});
  std::vector<SpiderJob> jobs;
  for (char name = 'a'; name < 'k'; ++name) jobs.push_back(job({name}, true));
  CHECK(advise(config, jobs, true) == Lines{"file:1: spiders.x: no spider has this name or fits "
                                            "it; there are: a, b, c, d, e, f, g, h, …"});
}

}  // namespace spider_check
