#include "app/status.hpp"

#include <system_error>
#include <utility>

#include "app/claim.hpp"
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
StatusReport report_of(const Instance& instance, State state) {
  StatusReport report;
  report.schedule = instance.name;
  report.policy = instance.policy;
  auto considered = consider(instance, {}, std::move(state));
  report.state = std::move(considered.state);
  report.decision = std::move(considered.decision);
  return report;
}

/** The attempts that have ended, for this database to be told of. */
void add_waiting(const Instance& instance, const JournalContents& contents,
                 const DatabaseIdentity& database, StatusReport& report) {
  report.journal = instance.journal->place();
  report.unreadable = contents.unreadable;
  for (const auto& attempt : contents.attempts) {
    if (attempt.live) continue;
    const bool is_other = attempt.record.database.is_other_than(database);
    ++(is_other ? report.of_others : report.waiting);
  }
  if (report.waiting > 0 && contents.host_state.refused)
    report.refused = contents.host_state.refused->text;
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

void add_waiting(const Instance& instance, StatusReport& report) {
  if (instance.journal == nullptr) return;
  try {
    if (!instance.journal->pending()) return;
    const auto contents = instance.journal->read();
    add_waiting(instance, contents, instance.store.database(), report);
    const auto& state = report.state;
    if (!state.last || !state.last->in_journal) return;
    report.outcomes = outcomes_in(contents, *state.last, instance.host.now(), state.now);
    // They are counted up to the newest success.
    if (state.newest_success == state.last->started) report.failed_runs = 0;
  } catch (const std::system_error& error) {
    report.journal = instance.journal->place();
    report.unreadable = {error.what()};
  }
}

/** Empty where the journal knows nothing, or cannot be read. */
std::string text_by_journal(const Instance& instance) {
  try {
    const auto contents = instance.journal->read();
    auto report = report_of(instance, state_of(contents, instance.host.now()));
    report.database_away = true;
    add_waiting(instance, contents, contents.host_state.database, report);
    const auto& state = report.state;
    const bool knows = state.newest_success || state.last || report.waiting + report.of_others > 0;
    if (!knows && report.unreadable.empty()) return {};
    return render::status_text(report, instance.zone);
  } catch (const std::system_error& error) {
    return render::printable(error.what()) + "\n";
  }
}

std::string by_database(const Instance& instance, bool json) {
  auto report = read_status(instance);
  const bool shows_outcomes = json || report.spiders.empty();
  if (shows_outcomes && report.state.last && !report.state.last->in_journal) {
    report.outcomes = instance.store.outcomes(report.state.last->id);
  }
  return json ? render::status_json(report, instance.zone)
              : render::status_text(report, instance.zone);
}

}  // namespace

StatusReport read_status(const Instance& instance) {
  auto report = report_of(instance, read_state(instance));
  if (instance.reports != nullptr) {
    report.spiders = instance.reports->spiders(recent_attempts);
    report.failed_runs = instance.reports->failed_runs();
  }
  add_waiting(instance, report);
  return report;
}

StatusAnswer status(const Instance& instance, bool json) {
  try {
    return {by_database(instance, json), std::nullopt};
  } catch (const DbError& error) {
    // What programs read has the whole state or none.
    if (json || !can_run_offline(instance, error)) throw;
    return {text_by_journal(instance), error};
  }
}

}  // namespace spider_check::app
