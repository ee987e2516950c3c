#include "render/page.hpp"

#include <algorithm>

#include "render/html.hpp"
#include "render/page_data.hpp"
#include "render/page_document.hpp"
#include "render/page_headline.hpp"
#include "render/sentences.hpp"

namespace spider_check::render {

namespace {

constexpr std::size_t max_shown_width = 120;

std::string name(const std::string& foreign) {
  return escape_html(shown_text(foreign, max_shown_width));
}

/** What is wrong comes first. */
int rank(const SpiderSummary& spider, const StatusReport& status) {
  const auto verdict = spider.last.outcome.judgement.verdict;
  if (verdict == Verdict::failed) return 0;
  if (!is_fresh(spider, status)) return 1;
  return verdict == Verdict::degraded ? 2 : 3;
}

void sort_spiders(StatusReport& status) {
  auto spiders = std::move(status.spiders);
  std::stable_sort(spiders.begin(), spiders.end(), [&](const auto& one, const auto& other) {
    return rank(one, status) < rank(other, status);
  });
  status.spiders = std::move(spiders);
}

std::string row(const SpiderSummary& spider, const StatusReport& status, const Zone& zone) {
  const auto& judgement = spider.last.outcome.judgement;
  return "<tr><td>" + name(spider.name) + "</td><td>" + std::string(to_text(judgement.verdict)) +
         (is_fresh(spider, status) ? ", fresh" : ", stale") + "</td><td>" +
         (spider.last_success ? escape_html(zone.at(*spider.last_success)) : "never") +
         "</td><td>" + escape_html(shown_text(join(judgement.reasons))) + "</td></tr>\n";
}

std::string spiders(const StatusReport& status, const Zone& zone) {
  if (status.spiders.empty()) return "<p class=\"empty\">No spider has been run yet.</p>\n";
  std::string html =
      "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Spider</th><th "
      "scope=\"col\">State</th><th scope=\"col\">Last success</th><th scope=\"col\">Why</th></tr>"
      "</thead>\n<tbody>\n";
  const auto shown = std::min(max_page_spiders, status.spiders.size());
  for (std::size_t i = 0; i < shown; ++i) html += row(status.spiders[i], status, zone);
  return html + "</tbody></table></div>\n";
}

/** What the script replaces by the whole page. */
std::string fragment(const StatusReport& status, const Json& headline, const Zone& zone) {
  const auto& success = status.state.newest_success;
  const bool fresh = headline.at("fresh");
  auto sentence = headline.at("sentence").get<std::string>();
  if (success && !fresh) sentence += " " + zone.at(*success + status.policy.interval) + ".";
  return "<header>\n<p class=\"schedule\">Schedule <b>" + name(status.schedule) +
         "</b></p>\n<h1 class=\"" + (fresh ? "fresh" : "stale") + "\">" +
         headline.at("word").get<std::string>() + "</h1>\n<p class=\"lead\">" +
         escape_html(sentence) + "</p>\n<p class=\"asof\">As of " +
         escape_html(zone.at(status.state.now)) +
         "; runs, charts and failures need JavaScript</p>\n</header>\n<section>\n" +
         "<h2>Spiders</h2>\n" + spiders(status, zone) + "</section>\n";
}

}  // namespace

std::string page(PageReport report, const Zone& zone) {
  sort_spiders(report.status);
  auto headline = page_headline(report.status, zone);
  const auto document = page_document();
  std::string html(document.before_title);
  html += name(report.status.schedule);
  html += document.before_fragment;
  html += fragment(report.status, headline, zone);
  html += document.before_data;
  html += escape_json(page_data(std::move(report), std::move(headline), zone));
  html += document.end;
  return html;
}

}  // namespace spider_check::render
