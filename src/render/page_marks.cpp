#include "render/page_marks.hpp"

#include <algorithm>
#include <array>

namespace spider_check::render {

namespace {

constexpr std::array<DelayCause, 7> all_causes{
    DelayCause::off,      DelayCause::suspended, DelayCause::disabled, DelayCause::database_away,
    DelayCause::deferred, DelayCause::failing,   DelayCause::unknown};

std::string explanation(DelayCause cause) {
  switch (cause) {
    case DelayCause::off:
      return "the machine was off";
    case DelayCause::suspended:
      return "the machine slept";
    case DelayCause::disabled:
      return "the schedule was disabled";
    case DelayCause::database_away:
      return "the database was away";
    case DelayCause::deferred:
      return "put off";
    case DelayCause::failing:
      return "tried, and failed";
    case DelayCause::unknown:
      return "nobody knows why";
  }
  return {};
}

std::string key(const std::string& drawing, const std::string& words) {
  return "<li><svg class=\"key\" width=\"26\" height=\"14\" aria-hidden=\"true\">" + drawing +
         "</svg>" + words + "</li>\n";
}

}  // namespace

Look look_of(const RunRecord& record) {
  switch (record.run.status) {
    case RunStatus::running:
      return Look::running;
    case RunStatus::failed:
      return Look::failed;
    case RunStatus::completed:
      return record.degraded > 0 ? Look::degraded : Look::ok;
  }
  return Look::failed;
}

Look look_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return Look::ok;
    case Verdict::degraded:
      return Look::degraded;
    case Verdict::failed:
      return Look::failed;
  }
  return Look::failed;
}

std::string look_class(Look look) {
  static constexpr std::array<const char*, 4> names{"ok", "degraded", "failed", "running"};
  return names.at(static_cast<std::size_t>(look));
}

std::string run_word(Look look) {
  return look == Look::ok ? "completed" : look_class(look);
}

std::string gap_class(DelayCause cause) {
  auto name = std::string(to_text(cause));
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string badge(Look look, const std::string& word) {
  return "<span class=\"badge " + look_class(look) +
         "\"><svg width=\"14\" height=\"14\" aria-hidden=\"true\"><use href=\"#m-" +
         look_class(look) + "\" x=\"7\" y=\"7\"/></svg>" + word + "</span>";
}

std::string legend() {
  std::string html = "<ul class=\"legend\" aria-label=\"Legend\">\n";
  for (const auto look : {Look::ok, Look::degraded, Look::failed, Look::running}) {
    html += key("<use href=\"#m-" + look_class(look) + "\" x=\"13\" y=\"7\"/>",
                "run " + run_word(look));
  }
  for (const auto cause : all_causes) {
    html += key("<rect class=\"gap g-" + gap_class(cause) +
                    "\" x=\"1\" y=\"1\" width=\"24\" height=\"12\"/>",
                explanation(cause));
  }
  return html + "</ul>\n";
}

}  // namespace spider_check::render
