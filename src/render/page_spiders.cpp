#include <algorithm>

#include "core/duration.hpp"
#include "render/html.hpp"
#include "render/page_marks.hpp"
#include "render/page_parts.hpp"

namespace spider_check::render {

namespace {

constexpr std::size_t max_cards = 300;
constexpr std::size_t max_bars = 20;

bool is_fresh(const SpiderSummary& spider, const StatusReport& status) {
  return spider.last_success && status.state.now - *spider.last_success < status.policy.interval;
}

/** What needs a look comes first. */
int rank(const SpiderSummary& spider, const StatusReport& status) {
  const auto verdict = spider.last.outcome.judgement.verdict;
  if (verdict == Verdict::failed) return 0;
  if (!is_fresh(spider, status)) return 1;
  return verdict == Verdict::degraded ? 2 : 3;
}

/** How high a bar is: items where there are any, else how long it took. */
double height(const SpiderPoint& point, bool items) {
  return items ? static_cast<double>(point.items.value_or(0))
               : static_cast<double>(point.took.count());
}

std::string bar(const SpiderPoint& point, double part, std::size_t at) {
  constexpr double full = 30;
  const auto x = (static_cast<double>(at) + 0.5) / static_cast<double>(max_bars);
  if (point.verdict == Verdict::failed) {
    return "<use href=\"#m-failed\" x=\"" + percent(x) + "\" y=\"27\"/>";
  }
  const auto tall = std::max<std::int64_t>(2, to_nearest(part * full));
  return "<rect class=\"bar " + look_class(look_of(point.verdict)) + "\" x=\"" +
         percent(x - 0.35 / static_cast<double>(max_bars)) + "\" width=\"" +
         percent(0.7 / static_cast<double>(max_bars)) + "\" y=\"" + std::to_string(33 - tall) +
         "\" height=\"" + std::to_string(tall) + "\"/>";
}

std::string sparkline(const SpiderSummary& spider) {
  const auto some = std::min(max_bars, spider.recent.size());
  if (some == 0) return {};
  const std::vector<SpiderPoint> points(spider.recent.end() - static_cast<std::ptrdiff_t>(some),
                                        spider.recent.end());
  const bool items = std::any_of(points.begin(), points.end(),
                                 [](const SpiderPoint& point) { return point.items.has_value(); });
  double top = 1;
  std::size_t failed = 0;
  for (const auto& point : points) {
    top = std::max(top, height(point, items));
    if (point.verdict == Verdict::failed) ++failed;
  }
  auto html = "<svg class=\"spark\" width=\"100%\" height=\"34\" role=\"img\" aria-label=\"" +
              std::string(items ? "Items" : "Duration") + " of the last " +
              counted(static_cast<std::int64_t>(some), "attempt") + ", " + std::to_string(failed) +
              " failed\"><rect class=\"base\" y=\"33\" width=\"100%\" height=\"1\"/>";
  for (std::size_t i = 0; i < some; ++i) {
    html += bar(points[i], height(points[i], items) / top, max_bars - some + i);
  }
  return html + "</svg>\n";
}

std::string fact(const std::string& name, const std::string& html) {
  return "<div><dt>" + name + "</dt><dd>" + html + "</dd></div>";
}

std::string amount(std::int64_t number, const std::optional<std::int64_t>& median) {
  return grouped(number) + (median ? " <small>median " + grouped(*median) + "</small>" : "");
}

std::string items_words(const SpiderSummary& spider) {
  const auto& crawl = spider.last.outcome.crawl;
  if (!crawl) return "<small>no crawl</small>";
  return amount(crawl->progress.items, spider.median_items);
}

/** Only for a spider whose rows are counted. */
std::string rows_fact(const SpiderSummary& spider) {
  const auto& rows = spider.last.outcome.rows;
  return rows ? fact("Rows", amount(*rows, spider.median_rows)) : "";
}

std::string reasons(const Judgement& judgement) {
  constexpr std::size_t most = 5;
  if (judgement.reasons.empty()) return {};
  std::string html = "<ul class=\"reasons\">";
  for (std::size_t i = 0; i < std::min(most, judgement.reasons.size()); ++i) {
    html += "<li>" + html_text(judgement.reasons[i]) + "</li>";
  }
  if (judgement.reasons.size() > most) {
    html += "<li>and " + std::to_string(judgement.reasons.size() - most) + " more</li>";
  }
  return html + "</ul>\n";
}

std::string card(const SpiderSummary& spider, const StatusReport& status, const PageTimes& times) {
  const auto& judgement = spider.last.outcome.judgement;
  const auto look = look_of(judgement.verdict);
  const bool fresh = is_fresh(spider, status);
  const auto success =
      spider.last_success ? times.aged(*spider.last_success) : std::string("never");
  auto html = "<li class=\"card " + look_class(look) + "\"><h3>" + html_text(spider.name, 120) +
              "</h3>\n<p class=\"badges\">" + badge(look, std::string(to_text(judgement.verdict))) +
              "<span class=\"badge " + (fresh ? "fresh\">fresh" : "stale\">stale") +
              "</span></p>\n" + sparkline(spider) + "<dl>" + fact("Last success", success);
  if (spider.last_success != spider.last_started) {
    html += fact("Last started", times.aged(spider.last_started));
  }
  return html + fact("Items", items_words(spider)) + rows_fact(spider) +
         fact("Took", to_words(spider.last.outcome.child.took)) + "</dl>\n" + reasons(judgement) +
         "</li>\n";
}

}  // namespace

std::string page_spiders(const StatusReport& status, const PageTimes& times) {
  std::string html = "<section aria-labelledby=\"spiders\"><h2 id=\"spiders\">Spiders</h2>\n";
  if (status.spiders.empty()) {
    return html + "<p class=\"empty\">No spider has been run yet.</p></section>\n";
  }
  std::vector<const SpiderSummary*> spiders;
  for (const auto& spider : status.spiders) spiders.push_back(&spider);
  std::stable_sort(spiders.begin(), spiders.end(),
                   [&](const SpiderSummary* one, const SpiderSummary* other) {
                     return rank(*one, status) < rank(*other, status);
                   });
  html += "<ul class=\"cards\">\n";
  const auto some = std::min(max_cards, spiders.size());
  for (std::size_t i = 0; i < some; ++i) html += card(*spiders[i], status, times);
  html += "</ul>\n";
  if (some < spiders.size()) {
    html += "<p class=\"empty\">and " + std::to_string(spiders.size() - some) + " more</p>\n";
  }
  return html + "</section>\n";
}

}  // namespace spider_check::render
