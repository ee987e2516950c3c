// The end of a crawl's log: Scrapy's lines, and whatever the spider and the site put between them.
#include <string>

#include "crawl.hpp"
#include "fuzz.hpp"
#include "scrapy/crawl_monitor.hpp"

namespace spider_check::fuzz {

void try_input(std::string_view bytes) {
  const std::string log(bytes);
  const auto crawl = read_log_report(log, "/srv/jobs");
  expect(crawl.ended == (crawl.source == CrawlSource::log), "statistics are the end of a crawl");
  check_crawl(crawl);
  const auto progress = read_log_progress(log);
  if (!progress) return;
  expect(progress->items >= 0 && progress->pages >= 0, "no crawl comes less far than nowhere");
}

}  // namespace spider_check::fuzz
