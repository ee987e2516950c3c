#include "render/page.hpp"

#include <algorithm>

#include "render/html.hpp"
#include "render/page_assets.hpp"
#include "render/page_marks.hpp"
#include "render/page_parts.hpp"
#include "render/page_times.hpp"

namespace spider_check::render {

namespace {

/** Only the very style and script of this page: whatever else came into it would not be run. */
std::string policy() {
  return "default-src 'none'; style-src '" + std::string(page_style().hash) + "'; script-src '" +
         std::string(page_script().hash) + "'; base-uri 'none'; form-action 'none'";
}

std::string head(const PageReport& report) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
         policy() +
         "\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n"
         "<meta name=\"referrer\" content=\"no-referrer\">\n"
         "<title>" +
         html_text(report.status.schedule, 120) +
         " – spider-check</title>\n"
         "<style>" +
         std::string(page_style().text) + "</style>\n</head>\n";
}

/** The oldest instant that is shown in words. */
TimePoint oldest(const PageReport& report) {
  auto time = std::min(report.history.since, report.history.now);
  for (const auto& record : report.history.runs) time = std::min(time, record.run.started);
  for (const auto& spider : report.status.spiders) {
    if (spider.last_success) time = std::min(time, *spider.last_success);
  }
  for (const auto& failure : report.failures) time = std::min(time, failure.recorded.finished);
  return time;
}

}  // namespace

std::string page(const PageReport& report, const Zone& zone) {
  const PageTimes times(zone, oldest(report), report.history.now);
  auto html = head(report);
  html += "<body>\n" + std::string(page_shapes().text) + "<main>\n";
  html += page_headline(report, times, zone);
  html += page_spiders(report.status, times);
  html += page_timeline(report.history, times);
  html += page_charts(report, times);
  html += page_failures(report, times);
  html += page_runs(report.history, times);
  html += "</main>\n<footer>Written by spider-check at " + times.element(times.now()) +
          ".</footer>\n<script type=\"application/json\" id=\"data\">";
  html += page_data(report, times);
  html += "</script>\n<script>" + std::string(page_script().text) + "</script>\n</body>\n</html>\n";
  return html;
}

}  // namespace spider_check::render
