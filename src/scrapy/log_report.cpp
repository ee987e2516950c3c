#include "scrapy/log_report.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "scrapy/crawl_numbers.hpp"
#include "scrapy/project.hpp"
#include "scrapy/python_literal.hpp"

namespace spider_check::scrapy {

namespace {

// The same words from Scrapy 1.8 to 2.18.
constexpr std::string_view statistics = "Dumping Scrapy stats:";
constexpr std::string_view closing = "Closing spider (";
constexpr std::string_view unopened_feed = "bound method FeedExporter.open_spider";
constexpr std::string_view crawled = "Crawled ";
constexpr std::string_view scraped = ", scraped ";

std::int64_t count(std::string_view text, std::string_view what) {
  std::int64_t found = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

std::optional<std::int64_t> leading_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  return number;
}

/** Between the beginning of the end and the statistics; a page's own errors come from the scraper.
 */
std::int64_t closing_errors(std::string_view log, std::size_t end) {
  const auto begin = log.rfind(closing, end);
  if (begin == std::string_view::npos) return 0;
  const auto part = log.substr(begin, end - begin);
  return count(part, "] ERROR: ") - count(part, "[scrapy.core.scraper] ERROR: ");
}

}  // namespace

CrawlReport read_log_report(const std::string& log_end, const std::filesystem::path& folder) {
  CrawlReport crawl;
  if (auto cause = explain_traceback(log_end, folder); !cause.empty()) {
    crawl.faults.push_back({{}, std::move(cause), 1});
  }
  const auto at = log_end.rfind(statistics);
  if (at == std::string::npos) return crawl;
  const auto dict = log_end.find('{', at);
  if (dict == std::string::npos) return crawl;
  const auto stats = parse_python_dict(std::string_view(log_end).substr(dict));
  if (!stats.is_object()) return crawl;
  apply_statistics(stats, crawl);
  crawl.source = CrawlSource::log;
  crawl.closing_errors = closing_errors(log_end, at);
  crawl.lost_feeds = std::max(crawl.lost_feeds, count(log_end, unopened_feed));
  return crawl;
}

std::optional<Progress> read_log_progress(const std::string& log_end) {
  // From the end, since a spider may log such words of its own.
  for (auto at = log_end.rfind(crawled); at != std::string::npos && at > 0;
       at = log_end.rfind(crawled, at - 1)) {
    const auto line = std::string_view(log_end).substr(at, log_end.find('\n', at) - at);
    const auto pages = leading_number(line.substr(crawled.size()));
    const auto items = line.find(scraped);
    if (!pages || items == std::string_view::npos) continue;
    if (const auto found = leading_number(line.substr(items + scraped.size()))) {
      return Progress{*found, *pages, 0};
    }
  }
  return std::nullopt;
}

}  // namespace spider_check::scrapy
