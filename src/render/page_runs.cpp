#include <algorithm>

#include "core/duration.hpp"
#include "render/html.hpp"
#include "render/page_marks.hpp"
#include "render/page_parts.hpp"

namespace spider_check::render {

namespace {

std::string cell(const std::string& html, const char* css = "") {
  const std::string name = css;
  return "<td" + (name.empty() ? "" : " class=\"" + name + "\"") + ">" + html + "</td>";
}

std::string took(const Run& run) {
  return run.finished ? to_words(*run.finished - run.started) : std::string{};
}

/** "7 ok, 1 failed": only what there is. */
std::string spiders(const RunRecord& record) {
  std::string text;
  const auto add = [&](int number, const char* word) {
    if (number > 0) text += (text.empty() ? "" : ", ") + grouped(number) + " " + word;
  };
  add(record.ok, "ok");
  add(record.degraded, "degraded");
  add(record.failed, "failed");
  return text;
}

std::string late(const RunRecord& record) {
  return record.late && *record.late >= std::chrono::minutes(1) ? to_words(*record.late) : "";
}

std::string note(const RunRecord& record) {
  auto html = html_text(run_note(record), 160);
  if (!record.run.partial) return html;
  return "partial" + std::string(html.empty() ? "" : ": ") + html;
}

std::string row(const RunRecord& record, const PageTimes& times) {
  const auto& run = record.run;
  const auto look = look_of(record);
  return "<tr>" + cell(std::to_string(run.id), "num") + cell(times.at(run.started)) +
         cell(badge(look, run_word(look))) + cell(took(run), "num") + cell(spiders(record)) +
         cell(record.items ? grouped(*record.items) : "", "num") + cell(late(record), "num") +
         cell(std::to_string(run.attempt), "num") + cell(html_text(run.owner.host, 60)) +
         cell(note(record)) + "</tr>\n";
}

std::string head() {
  std::string html = "<thead><tr>";
  for (const auto* name : {"Run", "Started", "Status", "Took", "Spiders", "Items", "Late",
                           "Attempts", "Host", "Note"}) {
    html += std::string("<th scope=\"col\">") + name + "</th>";
  }
  return html + "</tr></thead>\n";
}

/** Only of use where there is JavaScript, which shows it. */
std::string controls() {
  return "<div class=\"controls\" id=\"controls\" hidden>\n"
         "<label>Filter <input type=\"search\" id=\"filter\" autocomplete=\"off\" "
         "placeholder=\"id, date, host, note\"></label>\n"
         "<label>Status <select id=\"status\"><option value=\"\">all</option>"
         "<option>completed</option><option>degraded</option><option>failed</option>"
         "<option>running</option></select></label>\n"
         "<output id=\"count\" for=\"filter status\" aria-live=\"polite\"></output>\n</div>\n";
}

std::string caption(const HistoryReport& history) {
  const auto all = history.runs.size();
  std::string text = "Runs of the last 30 days, the newest first";
  if (history.cut) text += "; there are older ones";
  if (all > rows_as_html) {
    text += "<noscript>; without JavaScript the newest " + std::to_string(rows_as_html) + " of " +
            grouped(static_cast<std::int64_t>(all)) + "</noscript>";
  }
  return "<caption>" + text + "</caption>\n";
}

}  // namespace

std::string run_note(const RunRecord& record) {
  auto text = record.run.failure;
  for (const auto& fault : record.faults) text += (text.empty() ? "" : "; ") + fault;
  return text;
}

std::string page_runs(const HistoryReport& history, const PageTimes& times) {
  std::string html = "<section aria-labelledby=\"runs\"><h2 id=\"runs\">Runs</h2>\n";
  if (history.runs.empty()) return html + "<p class=\"empty\">No run is recorded.</p></section>\n";
  html += controls() +
          "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"runs\">"
          "<table id=\"table\">\n" +
          caption(history) + head() + "<tbody id=\"rows\">\n";
  const auto some = std::min(rows_as_html, history.runs.size());
  for (std::size_t i = 0; i < some; ++i) html += row(history.runs[i], times);
  return html +
         "</tbody></table></div>\n"
         "<p class=\"more\"><button type=\"button\" id=\"more\" hidden></button></p></section>\n";
}

}  // namespace spider_check::render
