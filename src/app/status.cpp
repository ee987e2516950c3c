#include "app/status.hpp"

#include <system_error>
#include <utility>

#include "app/claimed.hpp"
#include "app/considered.hpp"
#include "core/journal.hpp"
#include "core/status.hpp"
#include "render/status.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

namespace {

// What a line of a terminal has room for.
constexpr int recent_attempts = 20;

/** From what a tick would decide by. */
StatusReport report_of(const Schedule& schedule, State state) {
  StatusReport report;
  report.schedule = schedule.name;
  report.policy = schedule.policy;
  auto considered = consider(schedule, {}, std::move(state));
  report.state = std::move(considered.state);
  report.decision = std::move(considered.decision);
  return report;
}

/** The attempts that have ended, for this database to be told of. */
void add_waiting(const Schedule& schedule, const JournalContents& contents,
                 const DatabaseIdentity& database, StatusReport& report) {
  report.journal = schedule.journal->place();
  report.unreadable = contents.unreadable;
  for (const auto& attempt : contents.attempts) {
    if (attempt.live) continue;
    const bool is_other = attempt.record.database.is_other_than(database);
    ++(is_other ? report.of_others : report.waiting);
  }
  if (report.waiting > 0 && contents.known.refused) report.refused = contents.known.refused->text;
}

/** What became of the spiders of a run that only the journal has. */
std::vector<RecordedOutcome> outcomes_in(const JournalContents& contents, const Run& run,
                                         const HostTime& now, TimePoint database_now) {
  std::vector<RecordedOutcome> outcomes;
  for (const auto& [name, record, live] : contents.attempts) {
    if (record.claim.uuid != run.uuid || record.claim.attempt != run.attempt) continue;
    for (const auto& [outcome, ended] : record.outcomes) {
      outcomes.push_back({outcome, run.attempt, database_now - least_age(ended, now)});
    }
  }
  return outcomes;
}

void add_waiting(const Schedule& schedule, StatusReport& report) {
  if (schedule.journal == nullptr) return;
  try {
    if (!schedule.journal->pending()) return;
    const auto contents = schedule.journal->read();
    add_waiting(schedule, contents, schedule.store.database(), report);
    const auto& state = report.state;
    if (!state.last || !state.last->in_journal) return;
    report.outcomes = outcomes_in(contents, *state.last, schedule.owners.now(), state.now);
    // They are counted up to the newest success.
    if (state.newest_success == state.last->started) report.failed_runs = 0;
  } catch (const std::system_error& error) {
    report.journal = schedule.journal->place();
    report.unreadable = {error.what()};
  }
}

/** Empty where the journal knows nothing, or cannot be read. */
std::string text_by_journal(const Schedule& schedule) {
  try {
    const auto contents = schedule.journal->read();
    auto report = report_of(schedule, state_of(contents, schedule.owners.now()));
    report.database_away = true;
    add_waiting(schedule, contents, contents.known.database, report);
    const auto& state = report.state;
    const bool knows = state.newest_success || state.last || report.waiting + report.of_others > 0;
    if (!knows && report.unreadable.empty()) return {};
    return render::status_text(report, schedule.zone);
  } catch (const std::system_error& error) {
    return render::printable(error.what()) + "\n";
  }
}

std::string by_database(const Schedule& schedule, bool json) {
  auto report = read_status(schedule);
  const bool shows_outcomes = json || report.spiders.empty();
  if (shows_outcomes && report.state.last && !report.state.last->in_journal) {
    report.outcomes = schedule.store.outcomes(report.state.last->id);
  }
  return json ? render::status_json(report, schedule.zone)
              : render::status_text(report, schedule.zone);
}

}  // namespace

StatusReport read_status(const Schedule& schedule) {
  auto report = report_of(schedule, read_state(schedule));
  if (schedule.reports != nullptr) {
    report.spiders = schedule.reports->spiders(recent_attempts);
    report.failed_runs = schedule.reports->failed_runs();
  }
  add_waiting(schedule, report);
  return report;
}

StatusAnswer status(const Schedule& schedule, bool json) {
  try {
    return {by_database(schedule, json), std::nullopt};
  } catch (const DbError& error) {
    // What programs read has the whole state or none.
    if (json || !may_do_without(schedule, error)) throw;
    return {text_by_journal(schedule), error};
  }
}

}  // namespace spider_check::app
