// What is known of a crawl once its process has ended, from its report and its log.
#include "scrapy/crawl_monitor.hpp"

#include <fstream>

#include <doctest/doctest.h>

#include "process/temp_directory.hpp"

namespace spider_check {

namespace {

constexpr const char* statistics =
    "[scrapy.statscollectors] INFO: Dumping Scrapy stats:\n{'finish_reason': 'finished'}\n";

/** A crawl whose report and log a test writes. */
struct Crawl {
  test::TempDirectory directory;
  SpiderJob job;

  Crawl() {
    job.log = directory.write("books.log", "");
    job.report = directory.path() / "books.report";
    job.report_token = "t";
    job.crawl = true;
  }

  [[nodiscard]] CrawlReport report(const std::string& record) const {
    CrawlMonitor monitor(job);
    std::ofstream(job.report, std::ios::app) << record << "\n";
    return monitor.report();
  }
};

}  // namespace

TEST_CASE("of a long log the end is read, and that is known") {
  const Crawl crawl;
  crawl.directory.write("books.log", std::string(1'000'000, '.') + "\n" + statistics);
  CHECK(crawl.report("").ended);
  CHECK(crawl.report("").only_read == "the last 256 kB of its log");
  crawl.directory.write("books.log", std::string(1'000'000, '.'));
  CHECK_FALSE(crawl.report("").ended);
  CHECK(crawl.report("").only_read == "the last 256 kB of its log");
  crawl.directory.write("books.log", statistics);
  CHECK(crawl.report("").only_read.empty());
}

TEST_CASE("a log that is elsewhere is named in the one that is empty for it") {
  const Crawl crawl;
  const auto text = [&] { return test::read_file(crawl.job.log); };
  (void)crawl.report(R"({"token": "t", "kind": "crawl"})");
  CHECK(text().empty());
  const auto report =
      crawl.report(R"({"token": "t", "kind": "crawl", "log_file": "/srv/shop/shop.log"})");
  CHECK(report.log_file == "/srv/shop/shop.log");
  CHECK(text() == "spider-check: the project logs to /srv/shop/shop.log (LOG_FILE)\n");
}

}  // namespace spider_check
