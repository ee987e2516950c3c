#include "report/page.hpp"

#include <algorithm>

#include "report/page_data.hpp"
#include "schedule/sentences.hpp"
#include "util/text.hpp"
#include "util/text_width.hpp"
#include "util/time.hpp"
#include "util/zone.hpp"

namespace spider_check {

std::string escape_html(std::string_view text) {
  std::string html;
  html.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string shown_text(std::string_view foreign, std::size_t max_width) {
  // A character takes at most four bytes, and those behind the cut need not be looked at.
  return cut_to(printable(std::string(foreign.substr(0, 4 * max_width))), max_width);
}

std::string escape_json(std::string_view json) {
  std::string text;
  text.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

namespace {

constexpr std::size_t max_shown_width = 120;

std::string name(const std::string& foreign) {
  return escape_html(shown_text(foreign, max_shown_width));
}

/** What is wrong comes first. */
int rank(const SpiderSummary& spider, const StatusReport& status) {
  const auto verdict = spider.last.outcome.judgement.verdict;
  if (verdict == Verdict::failed && !was_stopped(spider.last.outcome.judgement)) return 0;
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
  return "<tr><td>" + name(spider.name) + "</td><td>" + std::string(word_of(judgement)) +
         (is_fresh(spider, status) ? ", fresh" : ", stale") + "</td><td>" +
         (spider.last_success ? escape_html(zone.at(*spider.last_success)) : "never") +
         "</td><td>" + escape_html(shown_text(reasons(judgement))) + "</td></tr>\n";
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
std::string fragment(const StatusReport& status, const OrderedJson& headline, const Zone& zone) {
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

OrderedJson headline(bool fresh, const char* word, const std::string& sentence,
                     const std::optional<TimePoint>& stale_since) {
  return {{"fresh", fresh},
          {"word", word},
          {"sentence", sentence},
          {"stale_since", optional_time(stale_since)}};
}

OrderedJson freshness(const StatusReport& status) {
  const auto& success = status.state.newest_success;
  if (!success) {
    return headline(false, "No success yet", "No run of all spiders has succeeded so far.", {});
  }
  const auto age = status.state.now - *success;
  const auto interval = to_words(status.policy.interval);
  const auto text = "The data is " + to_words(age) + " old";
  if (is_fresh(status)) {
    return headline(true, "Fresh", text + "; the interval is " + interval + ".", {});
  }
  return headline(false, "Stale",
                  text + ", and was to be renewed every " + interval + ": stale since",
                  *success + status.policy.interval);
}

OrderedJson due(const std::string& words, const std::optional<TimePoint>& at,
                const std::string& why) {
  return {{"words", words}, {"at", optional_time(at)}, {"why", why}};
}

OrderedJson due_of(const StatusReport& status, const Zone& zone) {
  const auto& action = status.decision.action;
  if (std::holds_alternative<Disabled>(action)) return due("never: enabled = false", {}, {});
  if (std::holds_alternative<AlreadyRunning>(action)) {
    const auto interval = to_words(status.policy.interval);
    return due(interval + " after the start of the run that is going on", {}, {});
  }
  const auto why = runs_spiders(status.decision)
                       ? next_tick(status.decision, status.policy)
                       : explain(status.decision, status.policy, status.state.now, zone);
  const auto at = next_due(status);
  if (!at) return due(why, {}, {});
  // After a recent success the sentence says nothing that the time does not.
  if (std::holds_alternative<RecentRun>(action)) return due({}, at, {});
  return *at > status.state.now ? due({}, at, why) : due("now", {}, why);
}

std::vector<std::string> notes_of(const StatusReport& status) {
  std::vector<std::string> notes;
  for (const auto& run : status.decision.interrupted) {
    notes.push_back(run_words(run) + " was " + interruption(run));
  }
  if (status.failed_runs > 1) {
    notes.push_back(std::to_string(status.failed_runs) + " runs failed since the newest success");
  }
  if (const int future = status.state.future_runs; future > 0) {
    notes.push_back(counted(future, "run starts", "runs start") +
                    " in the future of the database's clock: not counted");
  }
  return notes;
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

bool is_fresh(const SpiderSummary& spider, const StatusReport& status) {
  return spider.last_success && status.state.now - *spider.last_success < status.policy.interval;
}

OrderedJson page_headline(const StatusReport& status, const Zone& zone) {
  auto json = freshness(status);
  json["notes"] = notes_of(status);
  json["due"] = due_of(status, zone);
  return json;
}

}  // namespace spider_check
