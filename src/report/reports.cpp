#include "report/reports.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

#include "logs/log_directory.hpp"
#include "outbox/host_state.hpp"
#include "outbox/journal.hpp"
#include "report/health.hpp"
#include "report/history.hpp"
#include "report/monitoring.hpp"
#include "report/page.hpp"
#include "report/report.hpp"
#include "report/status.hpp"
#include "run/claim.hpp"
#include "run/tick_decision.hpp"
#include "util/errors.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

// What a line of a terminal has room for.
constexpr int recent_attempts = 20;

/** From what a tick would decide by. */
StatusReport report_of(const Instance& instance, State state) {
  StatusReport report;
  report.schedule = instance.name;
  report.policy = instance.policy;
  auto decided = decide_tick(instance, {}, std::move(state));
  report.state = std::move(decided.state);
  report.decision = std::move(decided.decision);
  return report;
}

/** Counts the attempts that have ended and that no database has recorded. */
void add_waiting(const Instance& instance, const JournalContents& contents,
                 const DatabaseIdentity& database, StatusReport& report) {
  report.journal = instance.journal.place();
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
    for (const auto& [outcome, ended, refused] : record.outcomes) {
      outcomes.push_back({outcome, run.attempt, database_now - least_age(ended, now)});
    }
  }
  return outcomes;
}

void add_waiting(const Instance& instance, StatusReport& report) {
  try {
    if (!instance.journal.pending()) return;
    const auto contents = instance.journal.read();
    add_waiting(instance, contents, instance.store.database(), report);
    const auto& state = report.state;
    if (!state.last || !state.last->in_journal) return;
    report.outcomes = outcomes_in(contents, *state.last, instance.host.now(), state.now);
    // They are counted up to the newest success.
    if (state.newest_success == state.last->started) report.failed_runs = 0;
  } catch (const std::system_error& error) {
    report.journal = instance.journal.place();
    report.unreadable = {error.what()};
  }
}

/** Empty where the journal knows nothing, or cannot be read. */
std::string text_by_journal(const Instance& instance) {
  try {
    const auto contents = instance.journal.read();
    auto report = report_of(instance, state_of(contents, instance.host.now()));
    report.database_away = true;
    add_waiting(instance, contents, contents.host_state.database, report);
    const auto& state = report.state;
    const bool knows = state.newest_success || state.last || report.waiting + report.of_others > 0;
    if (!knows && report.unreadable.empty()) return {};
    return status_text(report, instance.zone, instance.output());
  } catch (const std::system_error& error) {
    return printable(error.what()) + "\n";
  }
}

StatusReport read_status(const Instance& instance, ReportStore& store) {
  auto report = report_of(instance, read_state(instance));
  report.spiders = store.spiders(recent_attempts);
  report.failed_runs = store.failed_runs();
  add_waiting(instance, report);
  return report;
}

std::string by_database(const Instance& instance, ReportStore& store, bool json) {
  auto report = read_status(instance, store);
  const bool shows_outcomes = json || report.spiders.empty();
  if (shows_outcomes && report.state.last && !report.state.last->in_journal) {
    report.outcomes = instance.store.outcomes(report.state.last->id);
  }
  return json ? status_json(report, instance.zone)
              : status_text(report, instance.zone, instance.output());
}

}  // namespace

StatusAnswer status(const Instance& instance, ReportStore& store, bool json) {
  try {
    return {by_database(instance, store, json), std::nullopt};
  } catch (const DbError& error) {
    // What programs read has the whole state or none.
    if (json || !can_run_offline(instance, error)) throw;
    return {text_by_journal(instance), error};
  }
}

namespace {

/** The newest success, where it is older than all these runs: from it on a gap may have begun. */
void add_success_before(std::vector<RunRecord>& runs, const LatestSuccess& latest_success) {
  if (!latest_success.newest_success) return;
  if (!runs.empty() && *latest_success.newest_success >= runs.back().run.started) return;
  RunRecord success;
  success.run.status = RunStatus::completed;
  success.run.started = *latest_success.newest_success;
  runs.push_back(std::move(success));
}

/** Of what was before, only some runs are kept, and the others are no gaps. */
TimePoint since_all_are_kept(const Instance& instance, const LatestSuccess& latest_success,
                             TimePoint since) {
  if (instance.keep <= Duration{0} || !latest_success.newest_success) return since;
  return std::max(since,
                  std::min(latest_success.now - instance.keep, *latest_success.newest_success));
}

std::vector<Gap> gaps_of(const Instance& instance, std::vector<RunRecord> runs,
                         const LatestSuccess& latest_success, TimePoint since) {
  add_success_before(runs, latest_success);
  std::vector<Delay> current;
  if (latest_success.newest_success) {
    const auto due = *latest_success.newest_success + instance.policy.interval;
    if (latest_success.now > due) current = current_delays(instance, latest_success.now - due);
  }
  return find_gaps(runs, instance.policy, since_all_are_kept(instance, latest_success, since),
                   latest_success.now, current);
}

/** The next attempt at a run that will not be tried again. */
void forget_what_never_comes(RunReport& report, const Policy& policy) {
  auto& run = report.record.run;
  const bool is_over = report.now - run.started >= policy.interval;
  if (is_over || !has_attempts_left(run, policy)) run.next_attempt.reset();
}

/** The runs that the filter chooses; and, unless it asks for a status, the times in which nothing
 * ran. */
HistoryReport read_history(const Instance& instance, ReportStore& store,
                           const HistoryFilter& filter) {
  const auto latest_success = instance.store.latest_success();
  HistoryReport report;
  report.schedule = instance.name;
  report.now = latest_success.now;
  report.since = latest_success.now - filter.age;
  auto one_more = filter;
  ++one_more.most;
  report.runs = store.runs(one_more);
  report.cut = report.runs.size() > static_cast<std::size_t>(filter.most);
  if (report.cut) {
    report.runs.pop_back();
    // What is not shown is not judged either.
    report.since = report.runs.empty() ? report.since : report.runs.back().run.started;
  }
  if (filter.status) return report;
  const bool all = !filter.spider;
  const HistoryFilter every{filter.age, {}, {}, filter.most};
  report.gaps =
      gaps_of(instance, all ? report.runs : store.runs(every), latest_success, report.since);
  return report;
}

}  // namespace

std::string history(const Instance& instance, ReportStore& store, const HistoryFilter& filter,
                    bool json) {
  const auto report = read_history(instance, store, filter);
  return json ? history_json(report) : history_text(report, instance.zone, instance.output());
}

std::string show(const Instance& instance, ReportStore& store, RunId id, bool json) {
  RunReport report;
  auto record = store.run(id);
  if (!record) {
    throw UsageError("there is no run " + std::to_string(id) + " of the schedule " +
                     printable(instance.name) + "; spider-check history lists them");
  }
  report.record = *std::move(record);
  report.schedule = instance.name;
  report.now = instance.store.latest_success().now;
  forget_what_never_comes(report, instance.policy);
  const auto newest = instance.store.state().last;
  if (newest && newest->started > report.record.run.started) {
    report.record.run.next_attempt.reset();
  }
  report.outcomes = store.all_outcomes(id);
  return json ? run_json(report) : run_text(report, instance.zone, instance.output());
}

namespace {

constexpr auto span = std::chrono::hours(24 * 30);
constexpr int page_points = 500;  // of a spider
constexpr int page_failures = 10;
constexpr std::int64_t max_log_bytes = 16'384;

std::vector<Failure> read_failures(const Instance& instance, ReportStore& store) {
  auto failures = store.failures(page_failures);
  for (auto& failure : failures) {
    failure.log_end = instance.logs.end_of(failure.recorded.outcome.log, max_log_bytes);
  }
  return failures;
}

}  // namespace

std::string page(const Instance& instance, ReportStore& store) {
  PageReport report;
  report.status = read_status(instance, store);
  report.history = read_history(instance, store, {span, {}, {}, max_runs});
  report.series = store.series(span, page_points);
  report.failures = read_failures(instance, store);
  return page(std::move(report), instance.zone);
}

HealthAnswer health(const Instance& instance, ReportStore& store, std::optional<Duration> max_age) {
  const auto report = read_status(instance, store);
  const auto judged = judge_health(report, max_age.value_or(default_max_age(instance.policy)));
  return {judged.level, health_line(report, judged)};
}

std::string metrics(const Instance& instance, ReportStore& store, std::string_view version) {
  return metrics_text(read_status(instance, store), version);
}

}  // namespace spider_check
