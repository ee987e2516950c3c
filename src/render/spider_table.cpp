#include "render/spider_table.hpp"

#include <algorithm>
#include <array>

#include "core/duration.hpp"
#include "render/live_table.hpp"
#include "render/sentences.hpp"
#include "render/text_width.hpp"

namespace spider_check::render {

namespace {

constexpr std::size_t max_name_width = 22;
constexpr std::size_t verdict_width = 10;
constexpr std::size_t success_width = 16;

std::string bar(std::int64_t items, std::int64_t most) {
  static constexpr std::array<std::string_view, 8> bars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (most <= 0) return std::string(bars.front());
  const auto share =
      static_cast<double>(std::max<std::int64_t>(0, items)) / static_cast<double>(most);
  return std::string(bars.at(std::min<std::size_t>(7, static_cast<std::size_t>(share * 8))));
}

std::string amount(std::int64_t number, const char* what,
                   const std::optional<std::int64_t>& median) {
  return std::to_string(number) + what + (median ? " (" + std::to_string(*median) + ")" : "");
}

/** "12 (240)", and where rows are counted "12 (240), 9 rows (230)". */
std::string items_of(const SpiderSummary& spider) {
  const auto& crawl = spider.last.outcome.crawl;
  const auto& rows = spider.last.outcome.rows;
  auto text = crawl ? amount(crawl->progress.items, "", spider.median_items) : std::string();
  if (!rows) return text;
  return text + (text.empty() ? "" : ", ") +
         amount(*rows, *rows == 1 ? " row" : " rows", spider.median_rows);
}

std::string success_of(const SpiderSummary& spider, TimePoint now) {
  if (!spider.last_success) return "never";
  return whole_words(std::max(Duration{0}, now - *spider.last_success)) + " ago";
}

struct Widths {
  std::size_t name = 4;
  std::size_t items = 15;
};

std::string row(const std::string& name, const std::string& verdict, const std::string& success,
                const std::string& items, const std::string& recent, const Widths& widths) {
  auto text = "  " + pad_to(name, widths.name) + "  " + pad_to(verdict, verdict_width) +
              pad_to(success, success_width) + pad_to(items, widths.items) + recent;
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

/** Why it is not ok, and where to read more. */
std::string why(const SpiderSummary& spider) {
  const auto& outcome = spider.last.outcome;
  if (outcome.judgement.verdict == Verdict::ok) return {};
  std::string text;
  if (!outcome.judgement.reasons.empty()) text = "      " + join(outcome.judgement.reasons) + "\n";
  const bool failed = outcome.judgement.verdict == Verdict::failed;
  if (failed && !outcome.log.empty())
    text += "      log: " + printable(outcome.log.string()) + "\n";
  return text;
}

}  // namespace

std::string sparkline(const std::vector<SpiderPoint>& points) {
  std::int64_t most = 0;
  for (const auto& point : points) {
    if (point.verdict != Verdict::failed) most = std::max(most, point.items.value_or(0));
  }
  std::string text;
  for (const auto& point : points) {
    if (point.verdict == Verdict::failed) {
      text += "×";
    } else {
      text += point.items ? bar(*point.items, most) : "·";
    }
  }
  return text;
}

std::string spider_table(const std::vector<SpiderSummary>& spiders, TimePoint now) {
  if (spiders.empty()) return {};
  Widths widths;
  for (const auto& spider : spiders) {
    const auto name = std::min(max_name_width, width_of(printable(spider.name)));
    widths.name = std::max(widths.name, name);
    widths.items = std::max(widths.items, width_of(items_of(spider)) + 2);
  }
  auto text = row("Spider", "verdict", "last success", "items (median)", "newest last", widths);
  text.replace(0, 2, "");
  for (const auto& spider : spiders) {
    text += row(cut_to(printable(spider.name), widths.name),
                std::string(to_text(spider.last.outcome.judgement.verdict)),
                success_of(spider, now), items_of(spider), sparkline(spider.recent), widths) +
            why(spider);
  }
  return text;
}

}  // namespace spider_check::render
