#include "scrapy/crawl_numbers.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <set>

#include "util/json.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

constexpr int max_depth = 8;

/** A recursive descent; std::nullopt: it cannot be read. */
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  /** A value; of a dict at the beginning, what follows does not matter. */
  std::optional<Json> value(int depth) {
    if (depth > max_depth) return std::nullopt;
    const char next = peek();
    if (next == '{') return items('}', Json::object(), depth);
    if (next == '[') return items(']', Json::array(), depth);
    if (next == '(') return items(')', Json::array(), depth);
    return next == '\'' || next == '"' ? text() : word();
  }

  char peek() {
    while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_.front())) != 0) {
      text_.remove_prefix(1);
    }
    return text_.empty() ? '\0' : text_.front();
  }

 private:
  bool take(char wanted) {
    if (peek() != wanted || text_.empty()) return false;
    text_.remove_prefix(1);
    return true;
  }

  /** Of a dict, a list or a tuple, up to its end. */
  std::optional<Json> items(char close, Json all, int depth) {
    text_.remove_prefix(1);
    while (!take(close)) {
      auto item = value(depth + 1);
      if (!item) return std::nullopt;
      if (all.is_array()) {
        all.push_back(std::move(*item));
      } else {
        auto inner = take(':') ? value(depth + 1) : std::nullopt;
        if (!inner) return std::nullopt;
        all[item->is_string() ? item->get<std::string>() : dump(*item)] = std::move(*inner);
      }
      if (!take(',') && peek() != close) return std::nullopt;
    }
    return all;
  }

  /** pprint splits a long string into several lines. */
  std::optional<Json> text() {
    std::string read;
    while (peek() == '\'' || peek() == '"') {
      const auto part = quoted();
      if (!part) return std::nullopt;
      read += *part;
    }
    return read;
  }

  std::optional<std::string> quoted() {
    const char quote = text_.front();
    std::string read;
    for (std::size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == quote) {
        text_.remove_prefix(i + 1);
        return read;
      }
      // Keys and reasons have no escapes, so the letter is enough.
      if (text_[i] == '\\' && i + 1 < text_.size()) ++i;
      read += text_[i];
    }
    return std::nullopt;
  }

  /** A number, a name, or a call with its parentheses. */
  std::optional<Json> word() {
    std::size_t end = 0;
    for (int open = 0; end < text_.size(); ++end) {
      const char c = text_[end];
      if (open == 0 && std::string_view(",}]):\n").find(c) != std::string_view::npos) break;
      open += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
    if (end == 0 || end == text_.size()) return std::nullopt;
    const auto read = text_.substr(0, end);
    text_.remove_prefix(end);
    if (read == "None") return Json(nullptr);
    if (read == "True") return Json(true);
    if (read == "False") return Json(false);
    return number(read);
  }

  static Json number(std::string_view read) {
    if (const auto whole = parse_number<std::int64_t>(read)) return *whole;
    if (const auto real = parse_number<double>(read); real && std::isfinite(*real)) return *real;
    return std::string(read);
  }

  std::string_view text_;
};

// No crawl does anything so often.
constexpr std::int64_t most = 1'000'000'000'000'000;

/** Of all keys that begin so. */
std::int64_t sum(const Json& object, const std::string& prefix) {
  std::int64_t total = 0;
  for (const auto& [key, value] : object.items()) {
    if (key.rfind(prefix, 0) == 0) total = std::min(most, total + to_count(value));
  }
  return total;
}

constexpr std::string_view reasons = "retry/reason_count/";
constexpr const char* ignored_pages = "httperror/response_ignored_status_count/";

/** The refused pages that were tried again: "retry/reason_count/503 …". */
std::int64_t refused_again(const Json& stats) {
  std::set<std::string> statuses{"408", "429", "500", "502", "503", "504", "522", "524"};
  for (const auto& [key, value] : stats.items()) {
    if (key.rfind(reasons, 0) == 0) statuses.insert(key.substr(reasons.size(), 3));
  }
  std::int64_t refused = 0;
  for (const auto& status : statuses) refused += count_in(stats, ignored_pages + status);
  return refused;
}

/** Exceptions by the site or the network, without those by which a middleware skips a page. */
std::int64_t network_exceptions(const Json& stats) {
  return count_in(stats, "downloader/exception_count") -
         count_in(stats, "downloader/exception_type_count/scrapy.exceptions.IgnoreRequest") -
         sum(stats, "robotstxt/exception_count/");
}

/**
 * Pages that never came, without robots.txt. "max_reached" counts also what came with a bad status
 * to the end, which counts as refused.
 */
std::int64_t dead_pages(const Json& stats) {
  const auto exceptions = network_exceptions(stats);
  if (sum(stats, "retry/") == 0) return exceptions;
  const auto given_up = count_in(stats, "retry/max_reached") - refused_again(stats) -
                        sum(stats, "robotstxt/exception_count/");
  const bool counted = stats.contains("downloader/exception_count");
  return counted ? std::min(given_up, exceptions) : given_up;
}

/** Keeps the value if there is no count. */
void take(const Json& own, const char* key, std::int64_t& value) {
  if (own.contains(key)) value = count_in(own, key);
}

void add(const CrawlReport& crawl, CrawlReport& all) {
  all.ended = all.ended && crawl.ended;
  // The last one other than "finished".
  if (all.finish_reason.empty() || crawl.finish_reason != "finished") {
    all.finish_reason = crawl.finish_reason;
  }
  all.progress = all.progress + crawl.progress;
  all.exceptions += crawl.exceptions;
  all.dropped += crawl.dropped;
  all.forbidden += crawl.forbidden;
  all.seen_before += crawl.seen_before;
  if (all.job_directory.empty()) all.job_directory = crawl.job_directory;
  if (all.log_file.empty()) all.log_file = crawl.log_file;
  for (const auto& [field, number] : crawl.fields) all.fields[field] += number;
  all.faults.insert(all.faults.end(), crawl.faults.begin(), crawl.faults.end());
}

/** Adds numbers; of other values the first is kept. */
void add_numbers(const Json& more, Json& sum) {
  if (!more.is_object()) return;
  for (const auto& [key, value] : more.items()) {
    auto& mine = sum[key];
    if (mine.is_null()) {
      mine = value;
    } else if (mine.is_number_integer() && value.is_number_integer()) {
      mine = to_count(mine) + to_count(value);
    } else if (mine.is_number() && value.is_number()) {
      mine = mine.get<double>() + value.get<double>();
    }
  }
}

}  // namespace

Json parse_python_dict(std::string_view text) {
  Parser parser(text);
  return parser.peek() == '{' ? parser.value(0).value_or(Json(nullptr)) : Json(nullptr);
}

std::string text_in(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t count_in(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? 0 : to_count(*found);
}

std::int64_t to_count(const Json& number) noexcept {
  if (!number.is_number()) return 0;
  // First as a double, because converting one that no integer holds is undefined.
  const auto about = number.get<double>();
  if (about >= static_cast<double>(most)) return most;
  return about > 0 ? number.get<std::int64_t>() : 0;
}

void apply_statistics(const Json& stats, CrawlReport& crawl,
                      const std::vector<int>& ignore_status) {
  crawl.ended = true;
  crawl.stats = stats.empty() ? "" : dump(stats);
  crawl.finish_reason = text_in(stats, "finish_reason");
  crawl.progress = {count_in(stats, "item_scraped_count"),
                    count_in(stats, "response_received_count"),
                    count_in(stats, "log_count/ERROR") + count_in(stats, "log_count/CRITICAL")};
  crawl.exceptions = sum(stats, "spider_exceptions/");
  crawl.dropped = count_in(stats, "item_dropped_count");
  crawl.refused = sum(stats, ignored_pages);
  for (const auto status : ignore_status) {
    crawl.refused -= count_in(stats, ignored_pages + std::to_string(status));
  }
  crawl.robots = count_in(stats, "robotstxt/response_count");
  crawl.dead = std::max<std::int64_t>(0, dead_pages(stats));
  crawl.forbidden = count_in(stats, "robotstxt/forbidden");
  crawl.lost_feeds = sum(stats, "feedexport/failed_count/");
}

void apply_own_counts(const Json& own, CrawlReport& crawl) {
  crawl.progress = {count_in(own, "items"), count_in(own, "pages"), count_in(own, "errors")};
  crawl.exceptions = count_in(own, "exceptions");
  crawl.dropped = count_in(own, "dropped");
  crawl.closing_errors = count_in(own, "closing_errors");
  crawl.lost_feeds = std::max(crawl.lost_feeds, count_in(own, "lost_feeds"));
  // Statistics may be incomplete in any way, since a project may collect them itself.
  if (crawl.finish_reason.empty()) crawl.finish_reason = text_in(own, "reason");
  const auto statuses = own.find("statuses");
  if (crawl.stats.empty() && statuses != own.end() && statuses->is_object()) {
    crawl.refused = sum(*statuses, "4") + sum(*statuses, "5");
  }
  take(own, "robots", crawl.robots);
  take(own, "refused", crawl.refused);
  take(own, "dead", crawl.dead);
  take(own, "forbidden", crawl.forbidden);
  take(own, "late_errors", crawl.late_errors);
  take(own, "page_errors", crawl.page_errors);
  take(own, "seen_before", crawl.seen_before);
  crawl.job_directory = text_in(own, "jobdir");
}

CrawlReport sum_of(std::vector<CrawlReport> crawls) {
  if (crawls.size() == 1) return std::move(crawls.front());
  CrawlReport all;
  all.ended = !crawls.empty();
  auto stats = Json::object();
  for (const auto& crawl : crawls) {
    add(crawl, all);
    add_numbers(Json::parse(crawl.stats, nullptr, false), stats);
  }
  if (!stats.empty()) all.stats = dump(stats);
  all.parts = std::move(crawls);
  return all;
}

}  // namespace spider_check
