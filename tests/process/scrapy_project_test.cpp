// Projects whose `scrapy` is a shell script that says what a test wants.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "os/signals.hpp"
#include "process/temp_directory.hpp"
#include "scrapy/crawl_monitor.hpp"
#include "scrapy/project.hpp"
#include "util/errors.hpp"

namespace spider_check {

namespace {

using Words = std::vector<std::string>;

/** A project in a directory of its own, with a script in the place of Scrapy. */
struct FakeProject {
  explicit FakeProject(const std::string& script) {
    const auto program = directory.write("scrapy", "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    directory.write("scrapy.cfg", "[settings]\ndefault = jobs.settings\n");
    options.directory = directory.path();
    options.command = {program.string()};
  }

  [[nodiscard]] std::vector<SpiderJob> list() const { return Project(options).list().jobs; }

  [[nodiscard]] Words names() const {
    Words names;
    for (const auto& job : list()) names.push_back(job.name);
    return names;
  }

  /** Why it cannot be listed, without the beginning that all reasons share. */
  [[nodiscard]] std::string fault() const {
    const auto start = "cannot list the spiders of " + directory.path().string() + ": ";
    try {
      (void)list();
    } catch (const ListingError& error) {
      const std::string text = error.what();
      return text.rfind(start, 0) == 0 ? text.substr(start.size()) : text;
    }
    return "it can be listed";
  }

  test::TempDirectory directory;
  ProjectOptions options;
};

}  // namespace

TEST_CASE("a project's spiders are the lines that `scrapy list` prints") {
  CHECK(FakeProject("printf 'b\\na\\n'").names() == Words{"b", "a"});
  CHECK(FakeProject("printf '\\nb\\r\\n\\na'").names() == Words{"b", "a"});
}

TEST_CASE("what `scrapy list` says on stderr is no spider") {
  CHECK(FakeProject("echo a; echo warning >&2").names() == Words{"a"});
}

TEST_CASE("a project is listed in its own directory, with the command's own words first") {
  FakeProject project("pwd -P; echo \"$#:$*\"");
  project.options.command.emplace_back("-L");
  CHECK(project.names() == Words{project.directory.path().string(), "2:-L list"});
}

TEST_CASE("a spider is crawled in the project's directory, with the settings as flags") {
  FakeProject project("echo news");
  project.options.settings = {{"LOG_LEVEL", "INFO"}, {"A", "b c"}};
  const auto jobs = project.list();
  REQUIRE(jobs.size() == 1);
  const auto scrapy = (project.directory.path() / "scrapy").string();
  CHECK(jobs[0].name == "news");
  CHECK(jobs[0].command == Words{scrapy, "crawl", "-s", "LOG_LEVEL=INFO", "-s", "A=b c", "news"});
  CHECK(jobs[0].working_directory == project.directory.path());
  CHECK(jobs[0].log.empty());
}

TEST_CASE("a spider whose name looks like a flag is none") {
  const FakeProject project("echo --version");
  const auto command = project.list().at(0).command;
  CHECK(Words(command.begin() + 1, command.end()) == Words{"crawl", "--", "--version"});
}

TEST_CASE("include and exclude are globs on names, and exclude wins") {
  FakeProject project("printf 'news_a\\nnews_b\\nprices\\nold\\n'");
  project.options.include = {"news_*", "pr?ces"};
  CHECK(project.names() == Words{"news_a", "news_b", "prices"});
  project.options.exclude = {"*_b"};
  CHECK(project.names() == Words{"news_a", "prices"});
  project.options.exclude = {"*"};
  CHECK(project.fault() == "include and exclude leave none of its 4 spiders");
}

TEST_CASE("a crawl is a spider once more, with arguments of its own, also one that is excluded") {
  FakeProject project("printf 'books\\nnews\\n'");
  project.options.settings = {{"A", "b"}};
  project.options.exclude = {"books"};
  project.options.crawls = {{"books_uk", "books", {{"country", "uk"}, {"q", "a b"}}, "x.toml:3"},
                            {"papers", "news", {}, "x.toml:7"}};
  CHECK(project.names() == Words{"news", "books_uk", "papers"});
  const auto job = project.list().at(1);
  const auto scrapy = (project.directory.path() / "scrapy").string();
  CHECK(job.command ==
        Words{scrapy, "crawl", "-s", "A=b", "-a", "country=uk", "-a", "q=a b", "books"});
  CHECK(job.arguments_at == 8);
  CHECK(job.crawl);
}

TEST_CASE("a crawl of a spider that is not there is left out, with its place") {
  FakeProject project("echo news");
  project.options.crawls = {{"uk", "books", {}, "x.toml:3: crawl.spider"}};
  const auto listing = Project(project.options).list();
  CHECK(listing.jobs.size() == 1);
  REQUIRE(listing.left_out.size() == 1);
  CHECK(listing.left_out[0] == "x.toml:3: crawl.spider: " + project.directory.path().string() +
                                   " has no spider \"books\", so the crawl \"uk\" is not run; name "
                                   "one that `scrapy list` prints");
}

TEST_CASE("a command that is a crawl is known, whatever starts it") {
  for (const auto& command :
       {Words{"scrapy", "crawl", "a"}, Words{"/srv/venv/bin/scrapy", "runspider", "a.py"},
        Words{"uv", "run", "scrapy", "crawl", "a"},
        Words{"python3", "-m", "scrapy", "crawl", "a"}}) {
    CHECK(is_crawl(command));
  }
  for (const auto& command : {Words{"scrapy", "list"}, Words{"scrapy"}, Words{"crawl", "scrapy"},
                              Words{"./myscrapy", "crawl"}, Words{}}) {
    CHECK_FALSE(is_crawl(command));
  }
}

TEST_CASE("a project without spiders is a fault") {
  CHECK(FakeProject("true").fault() == "`scrapy list` prints no spider");
}

TEST_CASE("a project without spiders is explained by its scrapy.cfg, if that is why") {
  FakeProject project("true");
  const auto file =
      project.directory.write("scrapy.cfg", "[settings]\none = one.settings\nother: x\n");
  const auto fault = file.string() + " has no [settings] ";
  CHECK(project.fault() == fault + "default (one, other): set SCRAPY_PROJECT in env");
  project.options.environment = {{"SCRAPY_PROJECT", "Three"}};
  CHECK(project.fault() ==
        fault + "Three (one, other), which SCRAPY_PROJECT names: set that in env to one of them");
  project.options.environment = {{"SCRAPY_PROJECT", "One"}};
  CHECK(project.fault() == "`scrapy list` prints no spider");
  project.options.environment = {{"SCRAPY_SETTINGS_MODULE", "shop.settings"}};
  CHECK(project.fault() == "`scrapy list` prints no spider");
}

TEST_CASE("scrapy.cfg is read as Python reads it") {
  FakeProject project("true");
  const std::pair<std::string, std::string> rows[] = {
      {"", "default: add default = MODULE there"},
      {"default = outside\n[deploy]\ndefault = x\n", "default: add default = MODULE there"},
      {"[DEFAULT]\ndefault = x\n", "default: add default = MODULE there"},
      {"[DEFAULT]\ndefault = x\n[settings]\n", ""},
      {"[settings]\r\nDEFAULT : x\r\n", ""},
      {"  [settings] # here\n  default = x\n", ""},
      {"[settings]\n# default = x\n; default = x\na = b\n  default = x\n",
       "default (a): set SCRAPY_PROJECT in env"},
  };
  for (const auto& row : rows) {
    const auto file = project.directory.write("scrapy.cfg", row.first).string();
    CAPTURE(row.first);
    CHECK(project.fault() == (row.second.empty() ? "`scrapy list` prints no spider"
                                                 : file + " has no [settings] " + row.second));
  }
}

TEST_CASE("the scrapy.cfg of a user counts, too") {
  FakeProject project("true");
  project.directory.write("scrapy.cfg", "[settings]\none = x\n");
  project.directory.write(".config/scrapy.cfg", "[settings]\nmine = x\n");
  const std::string home = std::getenv("HOME");
  ::setenv("HOME", project.directory.path().c_str(), 1);
  CHECK(project.fault().ends_with("default (mine, one): set SCRAPY_PROJECT in env"));
  project.directory.write(".scrapy.cfg", "[settings]\ndefault = x\n");
  CHECK(project.fault() == "`scrapy list` prints no spider");
  ::setenv("HOME", home.c_str(), 1);
}

TEST_CASE("a list of which not all is read is a fault, and loses no spider silently") {
  CHECK(FakeProject("yes a_spider_of_many | head -n 70000").fault() ==
        "`scrapy list` prints more than a megabyte, and not all is read; let the command keep its "
        "environment, so that the probe can tell the names");
}

TEST_CASE("a project that cannot be listed is a fault with the cause in its traceback") {
  FakeProject project(
      "cat >&2 <<END\nTraceback (most recent call last):\n"
      "  File \"$PWD/jobs/news.py\", line 7\nSyntaxError: expected ':'\nEND\nexit 1");
  CHECK(project.fault() ==
        (project.directory.path() / "jobs/news.py").string() + ":7: SyntaxError: expected ':'");
}

TEST_CASE("without a traceback the cause is the end, and the last line on stderr") {
  CHECK(FakeProject("echo first >&2; echo no API key >&2; exit 1").fault() ==
        "exit status 1: no API key");
  CHECK(FakeProject("echo a; exit 3").fault() == "exit status 3");
  CHECK(FakeProject("kill -9 $$").fault() == "killed by SIGKILL");
}

TEST_CASE("a project whose list is cut off by a signal to this program has no fault") {
  StopSignals signals;
  const FakeProject project("echo a; kill -INT $PPID; exec sleep 1000");
  CHECK_THROWS_AS((void)project.list(), ListingStopped);
  CHECK(signals.take() == SIGINT);
}

TEST_CASE("a Scrapy that is not there is a fault") {
  FakeProject project("");
  project.options.command = {"/no/such/scrapy"};
  CHECK(project.fault() == "cannot execute /no/such/scrapy: No such file or directory");
}

}  // namespace spider_check
