#include <algorithm>

#include "core/duration.hpp"
#include "core/termination.hpp"
#include "render/html.hpp"
#include "render/page_marks.hpp"
#include "render/page_parts.hpp"

namespace spider_check::render {

namespace {

constexpr std::size_t max_failures = 20;

std::string reasons(const Judgement& judgement) {
  constexpr std::size_t most = 10;
  std::string html;
  for (std::size_t i = 0; i < std::min(most, judgement.reasons.size()); ++i) {
    html += "<li>" + html_text(judgement.reasons[i]) + "</li>";
  }
  if (judgement.reasons.size() > most) {
    html += "<li>and " + std::to_string(judgement.reasons.size() - most) + " more</li>";
  }
  return html.empty() ? "" : "<ul class=\"reasons\">" + html + "</ul>\n";
}

std::string log(const Failure& failure) {
  const auto& path = failure.recorded.outcome.log;
  if (failure.log_end.empty()) {
    return path.empty()
               ? ""
               : "<p class=\"hint\">Its log is empty, or not here: " + html_text(path.string()) +
                     "</p>\n";
  }
  return "<details><summary>The end of its log</summary>\n<p class=\"hint\">" +
         html_text(path.string()) + "</p>\n<pre tabindex=\"0\">\n" + html_log(failure.log_end) +
         "</pre></details>\n";
}

std::string item(const Failure& failure, const PageTimes& times) {
  const auto& outcome = failure.recorded.outcome;
  const auto look = look_of(outcome.judgement.verdict);
  return "<li class=\"card " + look_class(look) + "\"><h3>" + html_text(outcome.spider, 120) +
         "</h3>\n<p>" + badge(look, std::string(to_text(outcome.judgement.verdict))) + " " +
         times.element(failure.recorded.finished) + "<br><small>run " +
         std::to_string(failure.run) + ", attempt " + std::to_string(failure.recorded.attempt) +
         ", " + html_text(to_text(outcome.child.termination)) + " after " +
         to_words(outcome.child.took) + "</small></p>\n" + reasons(outcome.judgement) +
         log(failure) + "</li>\n";
}

}  // namespace

std::string page_failures(const PageReport& report, const PageTimes& times) {
  std::string html =
      "<section aria-labelledby=\"failures\"><h2 id=\"failures\">The last failures</h2>\n";
  if (report.failures.empty()) {
    return html + "<p class=\"empty\">No attempt has failed.</p></section>\n";
  }
  html += "<ol class=\"failures\">\n";
  const auto some = std::min(max_failures, report.failures.size());
  for (std::size_t i = 0; i < some; ++i) html += item(report.failures[i], times);
  return html + "</ol></section>\n";
}

}  // namespace spider_check::render
