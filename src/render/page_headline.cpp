#include <array>

#include "core/duration.hpp"
#include "render/html.hpp"
#include "render/page_marks.hpp"
#include "render/page_parts.hpp"
#include "render/sentences.hpp"

namespace spider_check::render {

namespace {

struct Verdicts {
  std::string word;      ///< "Fresh"
  std::string css;       ///< its class
  std::string sentence;  ///< HTML
};

Verdicts verdict_of(const StatusReport& status, const PageTimes& times) {
  const auto& state = status.state;
  const auto interval = to_words(status.policy.interval);
  if (!state.newest_success) {
    return {"No success yet", "stale", "No run of all spiders has succeeded so far."};
  }
  const auto age = state.now - *state.newest_success;
  if (age < status.policy.interval) {
    return {"Fresh", "fresh",
            "The data is " + to_words(age) + " old; the interval is " + interval + "."};
  }
  return {"Stale", "stale",
          "The data is " + to_words(age) + " old, and was to be renewed every " + interval +
              ": stale since " + times.element(*state.newest_success + status.policy.interval) +
              "."};
}

const Run* running_of(const StatusReport& status) {
  if (const auto* running = std::get_if<AlreadyRunning>(&status.decision.action)) {
    return &running->run;
  }
  for (const auto* run : {&status.state.partial, &status.state.last}) {
    if (*run && (*run)->status == RunStatus::running && (*run)->lock_held) return &**run;
  }
  return nullptr;
}

std::string running_words(const StatusReport& status, const PageTimes& times) {
  const auto* run = running_of(status);
  if (run == nullptr) return "nothing";
  return badge(Look::running, "run " + std::to_string(run->id)) + " on " +
         escape_html(name_owner(run->owner.host, run->owner.pid)) + ", since " +
         times.element(run->started);
}

std::string due_words(const StatusReport& status, const PageTimes& times, const Zone& zone) {
  const auto& action = status.decision.action;
  if (std::holds_alternative<Disabled>(action)) return "never: <code>enabled = false</code>";
  if (std::holds_alternative<AlreadyRunning>(action)) {
    return to_words(status.policy.interval) + " after the start of the run that is going on";
  }
  const auto due = next_due(status);
  const auto why = escape_html(explain(status.decision, status.policy, status.state.now, zone));
  if (!due) return why;
  // Of a success that is recent the sentence says nothing that the time does not.
  const bool plain = std::holds_alternative<RecentRun>(action);
  const auto when = *due > status.state.now ? times.element(*due) : std::string("now");
  return plain ? when : when + "<br><small>" + why + "</small>";
}

std::string last_run_words(const StatusReport& status, const PageTimes& times) {
  if (!status.state.last) return "none";
  const auto& run = *status.state.last;
  const auto look = run.status == RunStatus::completed ? Look::ok
                    : run.status == RunStatus::failed  ? Look::failed
                                                       : Look::running;
  auto html = badge(look, "run " + std::to_string(run.id) + " " + run_word(look)) + " " +
              times.element(run.started);
  if (!run.failure.empty()) html += "<br><small>" + html_text(run.failure) + "</small>";
  return html;
}

std::string tally(const HistoryReport& history) {
  std::array<std::int64_t, 4> runs{};
  for (const auto& record : history.runs) ++runs.at(static_cast<std::size_t>(look_of(record)));
  std::string html;
  for (const auto look : {Look::ok, Look::degraded, Look::failed, Look::running}) {
    const auto some = runs.at(static_cast<std::size_t>(look));
    if (some > 0) html += badge(look, grouped(some) + " " + run_word(look)) + " ";
  }
  if (history.cut) html += "<small>and older ones</small>";
  return html.empty() ? "no run" : html;
}

std::string fact(const std::string& name, const std::string& html) {
  return "<div><dt>" + name + "</dt><dd>" + html + "</dd></div>\n";
}

std::string notes(const StatusReport& status) {
  std::string html;
  for (const auto& run : status.decision.interrupted) {
    html +=
        "<li>Run " + std::to_string(run.id) + " was " + escape_html(interruption(run)) + "</li>";
  }
  if (status.failed_runs > 1) {
    html += "<li>" + counted(status.failed_runs, "run") + " failed since the newest success</li>";
  }
  if (status.state.future_runs > 0) {
    html += "<li>" + counted(status.state.future_runs, "run") +
            " start in the future of the database's clock, and count for nothing</li>";
  }
  return html.empty() ? "" : "<ul class=\"notes\">" + html + "</ul>\n";
}

}  // namespace

std::string page_headline(const PageReport& report, const PageTimes& times, const Zone& zone) {
  const auto& status = report.status;
  const auto verdict = verdict_of(status, times);
  const auto* icon = verdict.css == "fresh" ? "ok" : "failed";
  return "<header>\n<p class=\"schedule\">Schedule <b>" + html_text(status.schedule, 120) +
         "</b></p>\n<h1 class=\"" + verdict.css +
         "\"><svg width=\"30\" height=\"30\" aria-hidden=\"true\"><g transform=\"translate(15 15) "
         "scale(2.2)\">"
         "<use href=\"#m-" +
         icon + "\"/></g></svg>" + verdict.word + "</h1>\n<p class=\"lead\">" + verdict.sentence +
         "</p>\n<p class=\"asof\" id=\"asof\">As of " + times.element(times.now()) + "</p>\n" +
         notes(status) + "<dl class=\"facts\">\n" +
         fact("Next due", due_words(status, times, zone)) +
         fact("Running now", running_words(status, times)) +
         fact("Last run", last_run_words(status, times)) +
         fact("Last 30 days", tally(report.history)) + "</dl>\n</header>\n";
}

}  // namespace spider_check::render
