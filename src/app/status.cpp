#include "app/status.hpp"

#include <algorithm>
#include <system_error>

#include "core/journal.hpp"
#include "core/status.hpp"
#include "render/status.hpp"

namespace spider_check::app {

namespace {

// What a line of a terminal has room for.
constexpr int recent_attempts = 20;

/** What the journal holds of attempts that have ended. */
void add_waiting(const Schedule& schedule, StatusReport& report) {
  if (schedule.journal == nullptr) return;
  report.journal = schedule.journal->place();
  try {
    if (!schedule.journal->pending()) return;
    const auto attempts = schedule.journal->read().attempts;
    report.waiting = static_cast<int>(std::count_if(
        attempts.begin(), attempts.end(), [](const auto& attempt) { return !attempt.live; }));
  } catch (const std::system_error&) {
    // It is another user's, say: the database is what counts.
  }
}

void decide_now(const Schedule& schedule, StatusReport& report) {
  const auto fates = judge_owners(report.state, schedule.owners, schedule.takeover_after);
  report.decision = decide(report.state, schedule.policy, {}, fates);
}

StatusReport new_report(const Schedule& schedule) {
  StatusReport report;
  report.schedule = schedule.name;
  report.policy = schedule.policy;
  return report;
}

}  // namespace

StatusReport read_status(const Schedule& schedule) {
  auto report = new_report(schedule);
  report.state = schedule.store.state();
  decide_now(schedule, report);
  if (schedule.reports != nullptr) {
    report.spiders = schedule.reports->spiders(recent_attempts);
    report.failed_runs = schedule.reports->failed_runs();
  }
  return report;
}

std::string status(const Schedule& schedule, bool json) {
  auto report = read_status(schedule);
  const bool shows_outcomes = json || report.spiders.empty();
  if (shows_outcomes && report.state.last) {
    report.outcomes = schedule.store.outcomes(report.state.last->id);
  }
  add_waiting(schedule, report);
  return json ? render::status_json(report, schedule.zone)
              : render::status_text(report, schedule.zone);
}

std::string status_without_database(const Schedule& schedule) {
  if (schedule.journal == nullptr) return {};
  auto report = new_report(schedule);
  report.database_away = true;
  try {
    report.state = state_of(schedule.journal->read(), schedule.owners.now());
  } catch (const std::system_error&) {
    return {};
  }
  add_waiting(schedule, report);
  if (!report.state.newest_success && !report.state.last && report.waiting == 0) return {};
  decide_now(schedule, report);
  return render::status_text(report, schedule.zone);
}

}  // namespace spider_check::app
