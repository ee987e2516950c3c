// What a crawl tells: the probe's records, and the end of its log.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "scrapy/crawl_monitor.hpp"
#include "scrapy/crawl_numbers.hpp"
#include "scrapy/report_reader.hpp"

namespace spider_check {

namespace {

/** A file that a test writes to as a crawl would. */
class Report {
 public:
  Report() {
    const auto fd = ::mkstemp(name_.data());
    REQUIRE(fd >= 0);
    ::close(fd);
  }

  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;
  Report(Report&&) = delete;
  Report& operator=(Report&&) = delete;

  ~Report() { std::remove(name_.c_str()); }

  Report& add(const std::string& text) {
    std::ofstream(name_, std::ios::app) << text;
    return *this;
  }

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_ = (std::filesystem::temp_directory_path() / "report-XXXXXX").string();
};

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string record(const std::string& rest) {
  return R"({"token": "t", )" + rest + "}\n";
}

CrawlReport read(const Report& report) {
  ReportReader reader(report.name(), "t");
  reader.finish();
  return reader.crawl();
}

const std::string statistics =
    R"(2026-11-25 03:15:02 [scrapy.statscollectors] INFO: Dumping Scrapy stats:
{'downloader/response_status_count/200': 7,
 'elapsed_time_seconds': 0.104494,
 'finish_reason': 'finished',
 'finish_time': datetime.datetime(2026, 11, 25, 3, 15, 3, 12272, tzinfo=datetime.timezone.utc),
 'item_scraped_count': 48,
 'log_count/ERROR': 2,
 'response_received_count': 8,
 'robotstxt/response_count': 1,
 'spider_exceptions/KeyError': 2}
2026-11-25 03:15:02 [scrapy.core.engine] INFO: Spider closed (finished)
)";

}  // namespace

TEST_CASE("a report is read while it grows, whole lines only") {
  Report report;
  ReportReader reader(report.name(), "t");
  reader.read_on();
  CHECK(reader.crawl().source == CrawlSource::nobody);
  report.add(record(R"("kind": "start", "scrapy": "2.8.0")"));
  report.add(R"({"token": "t", "kind": "progress", "items": 3,)");
  reader.read_on();
  CHECK(reader.crawl().source == CrawlSource::probe);
  CHECK(reader.scrapy_version() == "2.8.0");
  CHECK(reader.crawl().progress.items == 0);
  report.add(" \"pages\": 4, \"errors\": 5}\n");
  reader.read_on();
  CHECK(reader.crawl().progress == Progress{3, 4, 5});
}

TEST_CASE("the end holds everything that the verdict needs") {
  // A record is one line.
  const std::string end =
      R"("kind": "end", "own": {"items": 12, "pages": 9, "errors": 3, "dropped": 2, "exceptions": 1, )"
      R"("closing_errors": 1, "lost_feeds": 1, "reason": "finished"}, )"
      R"("stats": {"finish_reason": "shutdown", "httperror/response_ignored_status_count/403": 2, )"
      R"("retry/max_reached": 5, "retry/count": 9, "robotstxt/response_count": 1, )"
      R"("robotstxt/exception_count/X": 1, "httperror/response_ignored_status_count/500": 1}, )"
      R"("fields": {"title": 12, "pay": 0}, )"
      R"("errors": [{"place": "/x.py:3", "text": "KeyError: 'a'", "count": 3}])";
  Report report;
  report.add(record(R"("kind": "error", "place": "/x.py:3", "text": "KeyError: 'a'")"))
      .add(record(end));
  const auto crawl = read(report);
  CHECK(crawl.ended);
  CHECK(crawl.finish_reason == "shutdown");
  CHECK(crawl.progress == Progress{12, 9, 3});
  CHECK(crawl.exceptions == 1);
  CHECK(crawl.dropped == 2);
  CHECK(crawl.refused == 3);
  CHECK(crawl.dead == 3);  // five given up, one of them a 500, one a robots.txt
  CHECK(crawl.robots == 1);
  CHECK(crawl.lost_feeds == 1);
  CHECK(crawl.closing_errors == 1);
  CHECK(crawl.fields.at("title") == 12);
  REQUIRE(crawl.faults.size() == 1);
  CHECK(crawl.faults[0].count == 3);
  CHECK(crawl.stats.find("retry/max_reached") != std::string::npos);
}

TEST_CASE("progress that is written after the end says nothing new") {
  // Another thread of the crawl counted before, and wrote later.
  Report report;
  report.add(record(R"("kind": "end", "own": {"items": 8, "pages": 4, "errors": 1}, "stats": {})"))
      .add(record(R"("kind": "progress", "items": 6, "pages": 3, "errors": 0)"));
  CHECK(read(report).progress == Progress{8, 4, 1});
}

TEST_CASE("where nobody collected statistics the probe's own counts do") {
  Report report;
  report.add(record(
      R"("kind": "end", "own": {"items": 1, "pages": 4, "robots": 1, "reason": "finished", "statuses": {"200": 1, "403": 1, "503": 1}}, "stats": {}, "fields": {})"));
  const auto crawl = read(report);
  CHECK(crawl.ended);
  CHECK(crawl.finish_reason == "finished");
  CHECK(crawl.refused == 2);
  CHECK(crawl.robots == 1);
  CHECK(crawl.stats.empty());
}

TEST_CASE("incomplete statistics are completed key by key") {
  Report report;
  report.add(record(
      R"("kind": "end", "own": {"items": 2, "pages": 9, "robots": 1, "reason": "finished", )"
      R"("refused": 1, "dead": 2, "forbidden": 3, "late_errors": 1, "statuses": {"403": 5}}, )"
      R"("stats": {"custom": 7, "retry/max_reached": 8, "robotstxt/forbidden": 4})"));
  const auto crawl = read(report);
  CHECK(crawl.finish_reason == "finished");
  CHECK(crawl.progress == Progress{2, 9, 0});
  CHECK((crawl.robots == 1 && crawl.refused == 1 && crawl.dead == 2 && crawl.forbidden == 3));
  CHECK(crawl.late_errors == 1);
}

TEST_CASE("the crawls of one process, and of several, are summed, and each keeps its own") {
  Report report;
  const auto of = [](int process, int crawl, const std::string& rest) {
    return record("\"process\": " + std::to_string(process) +
                  ", \"crawl\": " + std::to_string(crawl) + ", " + rest);
  };
  const std::string end =
      R"("kind": "end", "own": {"items": 2, "pages": 3, "reason": "finished"}, )"
      R"("stats": {"a": 1, "b": 0.5, "c": "x"}, "fields": {"title": 2})";
  report.add(of(1, 0, R"("kind": "crawl", "name": "books")"))
      .add(of(1, 1, R"("kind": "crawl", "name": "news")"))
      .add(of(2, 0, R"("kind": "crawl", "name": "books")"))
      .add(of(1, 1, R"("kind": "error", "place": "/x.py:3", "text": "KeyError: 'a'")"))
      .add(record(R"("kind": "error", "place": "", "text": "whose?")"))
      .add(of(1, 0, end));
  ReportReader reader(report.name(), "t");
  reader.finish();
  CHECK(reader.phase() == CrawlPhase::crawling);
  CHECK_FALSE(reader.crawl().ended);
  report.add(of(1, 1, R"("kind": "closing")")).add(of(2, 0, end));
  reader.finish();
  CHECK(reader.phase() == CrawlPhase::closing);
  report.add(of(1, 1, R"("kind": "closed", "reason": "cancelled")"))
      .add(of(1, 1,
              R"("kind": "end", "own": {"items": 5, "pages": 7, "reason": "cancelled"}, )"
              R"("stats": {"a": 4, "finish_reason": "cancelled"})"));
  reader.finish();
  CHECK(reader.phase() == CrawlPhase::over);
  const auto crawl = reader.crawl();
  CHECK(crawl.ended);
  CHECK(crawl.source == CrawlSource::probe);
  CHECK(crawl.progress == Progress{9, 13, 0});
  CHECK(crawl.finish_reason == "cancelled");
  CHECK(crawl.fields.at("title") == 4);
  CHECK(nlohmann::json::parse(crawl.stats) ==
        nlohmann::json::parse(R"({"a": 6, "b": 1.0, "c": "x", "finish_reason": "cancelled"})"));
  REQUIRE(crawl.parts.size() == 3);
  CHECK((crawl.parts[0].spider == "books" && crawl.parts[1].spider == "news"));
  REQUIRE(crawl.parts[1].faults.size() == 1);
  REQUIRE(crawl.faults.size() == 2);
  CHECK(crawl.faults[0].text == "whose?");
}

TEST_CASE("where a crawl stands is seen in its log, too") {
  const std::string begun = "x [scrapy.core.engine] INFO: Spider opened\n";
  const std::string closing = "x [scrapy.core.engine] INFO: Closing spider (finished)\n";
  const std::string closed = "x [scrapy.core.engine] INFO: Spider closed (finished)\n";
  CHECK(read_log_phase("") == CrawlPhase::crawling);
  CHECK(read_log_phase(begun) == CrawlPhase::crawling);
  CHECK(read_log_phase(begun + closing) == CrawlPhase::closing);
  CHECK(read_log_phase(begun + closing + closed) == CrawlPhase::over);
  CHECK(read_log_phase(begun + closing + closed + begun) == CrawlPhase::crawling);
}

TEST_CASE("what is normal for a site counts for nothing in a log either") {
  const auto log =
      "x [asyncio] ERROR: Task was destroyed\nx [scrapy.downloadermiddlewares.retry] ERROR: Gave "
      "up "
      "retrying <GET http://x/>\n"
      "Dumping Scrapy stats:\n{'httperror/response_ignored_status_count/404': 3,\n"
      " 'httperror/response_ignored_status_count/403': 1, 'log_count/ERROR': 3}\n";
  Criteria criteria;
  auto crawl = read_log_report(log, {}, criteria);
  CHECK((crawl.refused == 4 && crawl.progress.errors == 3 && crawl.page_errors == 1));
  criteria.ignore_status = {404};
  criteria.ignore_errors = {"asyncio"};
  crawl = read_log_report(log, {}, criteria);
  CHECK((crawl.refused == 1 && crawl.progress.errors == 2));
}

TEST_CASE("the statistics of a probe that counts no pages are read as they are") {
  const auto dead = [](const std::string& stats) {
    Report report;
    report.add(record(R"("kind": "end", "own": {"items": 2}, "stats": )" + one_line(stats)));
    return read(report).dead;
  };
  CHECK(dead(R"({"downloader/exception_count": 5,
      "downloader/exception_type_count/scrapy.exceptions.IgnoreRequest": 5})") == 0);
  CHECK(dead(R"({"downloader/exception_count": 5})") == 5);
  // As the project sets RETRY_HTTP_CODES.
  CHECK(dead(R"({"retry/max_reached": 4, "retry/reason_count/403 Forbidden": 8,
      "httperror/response_ignored_status_count/403": 4})") == 0);
  // A page that was given up by a callback did come.
  CHECK(dead(R"({"retry/max_reached": 4, "downloader/exception_count": 2})") == 2);
}

TEST_CASE("what was switched off is told, as far as it is told well") {
  Report report;
  report.add(record(
      R"("kind": "end", "switched_off": [{"what": "feed", "name": "a", "why": "b", "count": 2, "wished": true}, 3, {"why": 4}])"));
  const auto crawl = read(report);
  REQUIRE(crawl.switched_off.size() == 2);
  const auto& feed = crawl.switched_off[0];
  CHECK((feed.what == "feed" && feed.name == "a" && feed.why == "b"));
  CHECK((feed.count == 2 && feed.wished));
  CHECK(crawl.switched_off[1].why.empty());
  CHECK(crawl.switched_off[1].count == 1);
  report.add(record(R"("kind": "end", "switched_off": 3)"));
  CHECK(read(report).switched_off.empty());
}

TEST_CASE("what ended the process comes before every other fault") {
  Report report;
  report.add(record(R"("kind": "error", "place": "", "text": "first")"))
      .add(record(R"("kind": "crash", "place": "/s.py:1", "text": "SyntaxError")"));
  CHECK(read(report).faults[0].text == "SyntaxError");
}

TEST_CASE("a record without the token is none") {
  Report report;
  report
      .add(R"({"kind": "end", "own": {"items": 7}})"
           "\n")
      .add(R"({"kind": "end", "token": "x", "own": {"items": 7}})"
           "\n")
      .add("not even JSON\n\xff\xfe\n[1]\n\n");
  CHECK(read(report).source == CrawlSource::nobody);
}

TEST_CASE("a line that no record can be as long as is passed over") {
  Report report;
  report.add(std::string(5'000'000, 'x') + "\n").add(record(R"("kind": "progress", "items": 3)"));
  CHECK(read(report).progress.items == 3);
}

TEST_CASE("of a report that is far too long the end is read") {
  Report report;
  const auto line = std::string(1'000'000, 'x') + "\n";
  for (int i = 0; i < 40; ++i) report.add(line);
  report.add(record(R"("kind": "progress", "items": 3)"));
  CHECK(read(report).progress.items == 3);
  CHECK(read(report).only_read == "the last 16 MB of its report");
}

TEST_CASE("the names that were listed are told as they are") {
  Report report;
  report.add(record(R"("kind": "spiders", "names": ["a", "b\nc", 3, "d e"])"));
  ReportReader reader(report.name(), "t");
  reader.finish();
  CHECK(reader.has_spiders());
  CHECK(reader.spiders() == std::vector<std::string>{"a", "b\nc", "d e"});
}

TEST_CASE("however many spiders are listed, none is left out") {
  std::string names = R"("0")";
  for (int i = 1; i <= 10'000; ++i) names += ", \"" + std::to_string(i) + "\"";
  Report report;
  report.add(record(R"("kind": "spiders", "names": [)" + names + "]"));
  ReportReader reader(report.name(), "t");
  reader.finish();
  CHECK(reader.spiders().size() == 10'001);
  CHECK(reader.spiders().back() == "10000");
}

TEST_CASE("the statistics at the end of a log are read") {
  const auto crawl = read_log_report("noise {'item_scraped_count': 1}\n" + statistics, "/p");
  CHECK(crawl.source == CrawlSource::log);
  CHECK(crawl.ended);
  CHECK(crawl.finish_reason == "finished");
  CHECK(crawl.progress == Progress{48, 8, 2});
  CHECK(crawl.exceptions == 2);
  CHECK(crawl.robots == 1);
  CHECK(crawl.fields.empty());
}

TEST_CASE("a log without statistics, or with half of them, has none") {
  CHECK(read_log_report("", "/p").source == CrawlSource::nobody);
  CHECK(read_log_report("Dumping Scrapy stats:", "/p").source == CrawlSource::nobody);
  const auto cut = statistics.substr(0, statistics.find("'log_count"));
  CHECK_FALSE(read_log_report(cut, "/p").ended);
}

TEST_CASE("what fails between the beginning of the end and the statistics is told") {
  const std::string closing = "[scrapy.core.engine] INFO: Closing spider (finished)\n";
  CHECK(read_log_report(closing + statistics, "/p").closing_errors == 0);
  CHECK(read_log_report(
            closing + "[scrapy.core.engine] ERROR: Scraper close failure\n" + statistics, "/p")
            .closing_errors == 1);
  CHECK(read_log_report(
            closing + "[scrapy.core.scraper] ERROR: Spider error processing\n" + statistics, "/p")
            .closing_errors == 0);
}

TEST_CASE("what others log while a crawl closes is no failure of the closing") {
  const std::string closing = "[scrapy.core.engine] INFO: Closing spider (finished)\n";
  const auto crawl = read_log_report(closing +
                                         "[scrapy.core.engine] ERROR: Stats close "
                                         "failure\n[asyncio] ERROR: Task\n[shop.mail] ERROR: no\n" +
                                         statistics,
                                     "/p");
  CHECK(crawl.closing_errors == 0);
  CHECK(crawl.late_errors == 3);
}

TEST_CASE("a feed that was disabled is in the log, too") {
  const std::string off = "[scrapy.extensions.feedexport] ERROR: Unknown feed format: parquet\n";
  CHECK(read_log_report(off + statistics, "/p").lost_feeds == 1);
}

TEST_CASE("a page's error while a crawl closes is not counted with what fails of the closing") {
  const std::string closing = "[scrapy.core.engine] INFO: Closing spider (shutdown)\n";
  const std::string page = "[scrapy.core.scraper] ERROR: Spider error processing\n";
  const std::string close = "[scrapy.core.engine] ERROR: Scraper close failure\n";
  CHECK(read_log_report(closing + page + page + close + statistics, "/p").closing_errors == 1);
}

TEST_CASE("how far a crawl has come is in the newest line that says so") {
  CHECK_FALSE(read_log_progress("Crawled (200) <GET x>\nCrawled 3 pages").has_value());
  CHECK(
      read_log_progress("INFO: Crawled 1 pages (at 1 pages/min), scraped 2 items (at 2 items/min)\n"
                        "INFO: Crawled 30 pages (at 1 pages/min), scraped 40 items (at 2 i/min)\n"
                        "DEBUG: Crawled (200) <GET http://x>\n") == Progress{40, 30, 0});
}

TEST_CASE("numbers that no crawl can reach are told as the largest, and those below zero as none") {
  Report report;
  report.add(record(R"("kind": "progress", "items": -3, "pages": 18446744073709551615)"));
  CHECK(read(report).progress == Progress{0, 1'000'000'000'000'000, 0});
  report.add(
      record(R"("kind": "end", "fields": {"a": -1}, "stats": {"item_scraped_count": 1e300, )"
             R"("spider_exceptions/a": 9223372036854775807, )"
             R"("spider_exceptions/b": 9223372036854775807, "item_dropped_count": -1e300})"));
  const auto crawl = read(report);
  CHECK(crawl.fields.at("a") == 0);
  const auto from_log = read_log_report(
      "Dumping Scrapy stats:\n{'item_scraped_count': 1e300, 'log_count/ERROR': "
      "9223372036854775807, 'log_count/CRITICAL': 9223372036854775807, 'retry/a': -1e300}\n",
      "/p");
  CHECK(from_log.progress == Progress{1'000'000'000'000'000, 0, 2'000'000'000'000'000});
}

TEST_CASE("what a report nests deeper than any probe is left out") {
  Report report;
  const std::size_t depth = 500'000;
  report.add(record(R"("kind": "end", "stats": {"finish_reason": "finished", "a": )" +
                    std::string(depth, '[') + std::string(depth, ']') + "}"));
  const auto crawl = read(report);
  CHECK(crawl.ended);
  CHECK(crawl.finish_reason == "finished");
  CHECK(crawl.stats.size() < 100);
}

TEST_CASE("a crawl that came less far than nowhere is no crawl") {
  CHECK_FALSE(read_log_progress("INFO: Crawled -3 pages, scraped -4 items\n").has_value());
}

TEST_CASE("a key that is no text and no UTF-8 is read, too") {
  CHECK(parse_python_dict("{('\xff',): 1}").size() == 1);
}

TEST_CASE("Python's dicts are read as pprint writes them") {
  struct Row {
    std::string text;
    std::string json;
  };

  const Row rows[] = {
      {"{}", "{}"},
      {"{'a': 'one '\n      'two '\n      \"it's\",\n 'b': 2}", R"({"a":"one two it's","b":2})"},
      {"{'a': 1}", R"({"a":1})"},
      {"{'a': -1, \"b\": 1.5,\n 'c': None, 'd': True, 'e': False}",
       R"({"a":-1,"b":1.5,"c":null,"d":true,"e":false})"},
      {"{'a': [1, (2, 3), {}], }", R"({"a":[1,[2,3],{}]})"},
      {"{'it\\'s': \"x\"}", R"({"it's":"x"})"},
      {"{'t': datetime.datetime(2026, 1, 2, tzinfo=f(1))} suffix",
       R"~({"t":"datetime.datetime(2026, 1, 2, tzinfo=f(1))"})~"},
      {"{3: 4}", R"({"3":4})"},
  };
  for (const auto& row : rows) CHECK(parse_python_dict(row.text).dump() == row.json);
}

TEST_CASE("what is no whole dict is nothing") {
  for (const std::string text : {"", "[1]", "{", "{'a'", "{'a': ", "{'a': 1", "{'a': 'b", "{'a' 1}",
                                 "{'a': 1 'b': 2}", "{'a': f(1}", "x{}"}) {
    CHECK(parse_python_dict(text).is_null());
  }
  CHECK(parse_python_dict(std::string(100'000, '{')).is_null());
  CHECK(parse_python_dict("{'a': " + std::string(100'000, '[')).is_null());
}

}  // namespace spider_check
