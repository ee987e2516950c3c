#include "scrapy/log_report.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "scrapy/crawl_numbers.hpp"
#include "scrapy/project.hpp"
#include "scrapy/python_literal.hpp"

namespace spider_check::scrapy {

namespace {

// The same words from Scrapy 1.8 to 2.19.
constexpr std::string_view statistics = "Dumping Scrapy stats:";
constexpr std::string_view opened = "[scrapy.core.engine] INFO: Spider opened";
constexpr std::string_view closing = "[scrapy.core.engine] INFO: Closing spider (";
constexpr std::string_view closed = "[scrapy.core.engine] INFO: Spider closed (";
constexpr std::string_view unopened_feed = "bound method FeedExporter.open_spider";
constexpr std::string_view disabled_feeds = "[scrapy.extensions.feedexport] ERROR: ";
constexpr std::string_view gave_up_line = "] ERROR: Gave up retrying <";
constexpr std::string_view not_downloaded = "] ERROR: Error downloading <";
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

/** What was logged between the beginning of the end and the statistics. */
std::string_view closing_part(std::string_view log, std::size_t end) {
  const auto begin = log.rfind(closing, end);
  return begin == std::string_view::npos ? std::string_view() : log.substr(begin, end - begin);
}

/** A page's own errors come from the scraper, those of monitors, mail and others from elsewhere. */
void count_closing(std::string_view part, CrawlReport& crawl) {
  crawl.closing_errors = count(part, "[scrapy.core.engine] ERROR: Scraper close failure") +
                         count(part, "[scrapy.utils.signal] ERROR: ");
  crawl.late_errors = count(part, "] ERROR: ") - crawl.closing_errors -
                      count(part, "[scrapy.core.scraper] ERROR: ");
}

/** Errors of certain loggers, as far as this part of the log shows them. */
void ignore_errors(std::string_view log, const std::vector<std::string>& loggers,
                   CrawlReport& crawl) {
  for (const auto& name : loggers) {
    crawl.progress.errors -= count(log, "[" + name + "] ERROR: ");
  }
  crawl.progress.errors = std::max<std::int64_t>(0, crawl.progress.errors);
}

/** Where these words are last; -1: nowhere. */
std::int64_t last(std::string_view log, std::string_view words) {
  const auto at = log.rfind(words);
  return at == std::string_view::npos ? -1 : static_cast<std::int64_t>(at);
}

}  // namespace

CrawlReport read_log_report(const std::string& log_end, const std::filesystem::path& directory,
                            const Criteria& criteria) {
  CrawlReport crawl;
  if (auto cause = explain_traceback(log_end, directory); !cause.empty()) {
    crawl.faults.push_back({{}, std::move(cause), 1});
  }
  const auto at = log_end.rfind(statistics);
  if (at == std::string::npos) return crawl;
  const auto dict = log_end.find('{', at);
  if (dict == std::string::npos) return crawl;
  const auto stats = parse_python_dict(std::string_view(log_end).substr(dict));
  if (!stats.is_object()) return crawl;
  apply_statistics(stats, crawl, criteria.ignored_statuses);
  ignore_errors(log_end, criteria.ignored_errors, crawl);
  crawl.page_errors = count(log_end, gave_up_line) + count(log_end, not_downloaded);
  crawl.source = CrawlSource::log;
  count_closing(closing_part(log_end, at), crawl);
  crawl.lost_feeds = std::max(crawl.lost_feeds, count(log_end, unopened_feed));
  if (crawl.lost_feeds == 0) crawl.lost_feeds = count(log_end, disabled_feeds);
  return crawl;
}

CrawlPhase read_log_phase(const std::string& log_end) {
  const auto began = last(log_end, opened);
  if (last(log_end, closed) > began) return CrawlPhase::over;
  return last(log_end, closing) > began ? CrawlPhase::closing : CrawlPhase::crawling;
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
