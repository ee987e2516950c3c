#include "scrapy/crawl_numbers.hpp"

#include <algorithm>
#include <string>

#include <nlohmann/json.hpp>

namespace spider_check::scrapy {

namespace {

using Json = nlohmann::json;

// No crawl does anything so often.
constexpr std::int64_t most = 1'000'000'000'000'000;

std::int64_t number(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? 0 : to_count(*found);
}

/** Of all keys that begin so. */
std::int64_t sum(const Json& object, const std::string& prefix) {
  std::int64_t total = 0;
  for (const auto& [key, value] : object.items()) {
    if (key.rfind(prefix, 0) == 0) total = std::min(most, total + to_count(value));
  }
  return total;
}

std::string text(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/**
 * Pages that never came. Where failures are tried again, "max_reached" counts what was given up,
 * but also what came with a bad status to the end, which is told as refused. robots.txt is no page.
 */
std::int64_t dead_pages(const Json& stats) {
  if (sum(stats, "retry/") == 0) {
    return number(stats, "downloader/exception_count") - sum(stats, "robotstxt/exception_count/");
  }
  std::int64_t refused = 0;
  // Scrapy's RETRY_HTTP_CODES.
  for (const auto* status : {"408", "429", "500", "502", "503", "504", "522", "524"}) {
    refused += number(stats, std::string("httperror/response_ignored_status_count/") + status);
  }
  return number(stats, "retry/max_reached") - refused - sum(stats, "robotstxt/exception_count/");
}

}  // namespace

std::int64_t to_count(const Json& number) noexcept {
  if (!number.is_number()) return 0;
  // As a double first: a number that no integer holds has no defined value as one.
  const auto about = number.get<double>();
  if (about >= static_cast<double>(most)) return most;
  return about > 0 ? number.get<std::int64_t>() : 0;
}

void apply_statistics(const Json& stats, CrawlReport& crawl) {
  crawl.ended = true;
  crawl.stats = stats.empty() ? "" : stats.dump(-1, ' ', false, Json::error_handler_t::replace);
  crawl.finish_reason = text(stats, "finish_reason");
  crawl.progress = {number(stats, "item_scraped_count"), number(stats, "response_received_count"),
                    number(stats, "log_count/ERROR") + number(stats, "log_count/CRITICAL")};
  crawl.exceptions = sum(stats, "spider_exceptions/");
  crawl.dropped = number(stats, "item_dropped_count");
  crawl.refused = sum(stats, "httperror/response_ignored_status_count/");
  crawl.robots = number(stats, "robotstxt/response_count");
  crawl.dead = std::max<std::int64_t>(0, dead_pages(stats));
  crawl.lost_feeds = sum(stats, "feedexport/failed_count/");
}

void apply_own_counts(const Json& own, CrawlReport& crawl) {
  crawl.progress = {number(own, "items"), number(own, "pages"), number(own, "errors")};
  crawl.exceptions = number(own, "exceptions");
  crawl.dropped = number(own, "dropped");
  crawl.closing_errors = number(own, "closing_errors");
  crawl.lost_feeds = std::max(crawl.lost_feeds, number(own, "lost_feeds"));
  if (!crawl.stats.empty()) return;
  // Nobody collected statistics: then the spider's end and the pages' statuses must do.
  crawl.finish_reason = text(own, "reason");
  crawl.robots = number(own, "robots");
  const auto statuses = own.find("statuses");
  if (statuses == own.end() || !statuses->is_object()) return;
  crawl.refused = sum(*statuses, "4") + sum(*statuses, "5");
}

}  // namespace spider_check::scrapy
