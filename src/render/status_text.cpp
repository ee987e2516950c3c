#include <algorithm>

#include "core/duration.hpp"
#include "render/sentences.hpp"
#include "render/status.hpp"

namespace spider_check::render {

namespace {

std::string line(const std::string& name, const std::string& value) {
  constexpr std::size_t column = 12;
  return name + std::string(column - std::min(column, name.size()), ' ') + value + "\n";
}

std::string ago(TimePoint time, TimePoint now, const Zone& zone) {
  return zone.at(time) + " (" + to_words(now - time) + " ago)";
}

std::string headline(const StatusReport& report) {
  const auto& state = report.state;
  if (!state.newest_success) return "never succeeded";
  const auto age = state.now - *state.newest_success;
  const bool fresh = age < report.policy.interval;
  return std::string(fresh ? "fresh" : "stale") + ": the data is " + to_words(age) +
         " old, the interval is " + to_text(report.policy.interval);
}

std::string running_line(const StatusReport& report, const Zone& zone) {
  const auto& action = report.decision.action;
  const Run* run = nullptr;
  if (const auto* running = std::get_if<AlreadyRunning>(&action)) run = &running->run;
  for (const auto* candidate : {&report.state.partial, &report.state.last}) {
    const bool going = *candidate && (*candidate)->status == RunStatus::running;
    if (run == nullptr && going && (*candidate)->lock_held) run = &**candidate;
  }
  if (run == nullptr) return line("Running", "no");
  return line("Running", "run " + std::to_string(run->id) + " on " +
                             name_owner(run->owner.host, run->owner.pid) + ", since " +
                             ago(run->started, report.state.now, zone));
}

std::string last_run_lines(const StatusReport& report, const Zone& zone) {
  if (!report.state.last) return line("Last run", "none");
  const auto& run = *report.state.last;
  auto text = "run " + std::to_string(run.id) + " " + std::string(to_text(run.status)) +
              ", started " + ago(run.started, report.state.now, zone);
  auto lines = line("Last run", text);
  text = std::to_string(run.spider_count) + (run.spider_count == 1 ? " spider" : " spiders") +
         ", attempt " + std::to_string(run.attempt) + " of " +
         std::to_string(report.policy.max_attempts);
  if (run.finished) text += ", ended " + zone.at(*run.finished);
  lines += line("", text);
  if (!run.failure.empty()) lines += line("", printable(run.failure));
  return lines;
}

std::string spider_line(const RecordedOutcome& recorded, std::size_t width) {
  const auto& outcome = recorded.outcome;
  auto name = printable(outcome.spider);
  name.resize(std::max(width, name.size()), ' ');
  auto text = "  " + name + "  " + std::string(to_text(outcome.judgement.verdict));
  text.resize(std::max(text.size(), width + 10), ' ');
  text += "  " + to_words(outcome.child.took);
  for (const auto& reason : outcome.judgement.reasons) text += "  " + printable(reason);
  if (outcome.judgement.verdict == Verdict::failed) text += "\n      log: " + outcome.log.string();
  return text + "\n";
}

std::string spider_lines(const StatusReport& report) {
  if (report.outcomes.empty()) return {};
  std::size_t width = 0;
  for (const auto& recorded : report.outcomes) {
    width = std::max(width, std::min<std::size_t>(30, printable(recorded.outcome.spider).size()));
  }
  std::string text = "Spiders of the last run\n";
  for (const auto& recorded : report.outcomes) text += spider_line(recorded, width);
  return text;
}

std::string next_lines(const StatusReport& report, const Zone& zone) {
  const auto due = next_due(report);
  auto lines = line("Next due", due ? when(*due, report.state.now, zone) : "not known");
  // For a recent run the headline has said why.
  if (!std::holds_alternative<RecentRun>(report.decision.action)) {
    lines += line("", explain(report.decision, report.policy, report.state.now, zone));
  }
  return lines;
}

}  // namespace

std::string status_text(const StatusReport& report, const Zone& zone) {
  auto text = line("Schedule", printable(report.schedule) + ", " + headline(report)) +
              running_line(report, zone) + last_run_lines(report, zone) + next_lines(report, zone);
  for (const auto& run : report.decision.interrupted) {
    text += line("Note", "run " + std::to_string(run.id) + " was " + interruption(run));
  }
  if (report.state.future_runs > 0) {
    text += line("Warning", std::to_string(report.state.future_runs) +
                                " run(s) start in the future of the database's clock; they count "
                                "for nothing");
  }
  return text + spider_lines(report);
}

}  // namespace spider_check::render
