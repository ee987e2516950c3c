#include "schedule/crawl.hpp"

namespace spider_check {

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::degraded:
      return "degraded";
    case Verdict::failed:
      return "failed";
  }
  return "failed";
}

std::optional<Verdict> parse_verdict(std::string_view text) {
  for (const auto verdict : {Verdict::ok, Verdict::degraded, Verdict::failed}) {
    if (text == to_text(verdict)) return verdict;
  }
  return std::nullopt;
}

std::string where_it_logs(const CrawlReport& crawl) {
  return "the project logs to " + crawl.log_file + " (LOG_FILE)";
}

}  // namespace spider_check
