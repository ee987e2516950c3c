#include "app/history.hpp"

#include <algorithm>

#include "app/host_state.hpp"
#include "core/errors.hpp"
#include "core/gaps.hpp"
#include "render/history.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

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

}  // namespace

HistoryReport read_history(const Instance& instance, const HistoryFilter& filter) {
  const auto latest_success = instance.store.latest_success();
  HistoryReport report;
  report.schedule = instance.name;
  report.now = latest_success.now;
  report.since = latest_success.now - filter.age;
  auto one_more = filter;
  ++one_more.most;
  report.runs = instance.reports->runs(one_more);
  report.cut = report.runs.size() > static_cast<std::size_t>(filter.most);
  if (report.cut) {
    report.runs.pop_back();
    // What is not shown is not judged either.
    report.since = report.runs.empty() ? report.since : report.runs.back().run.started;
  }
  if (filter.status) return report;
  const bool all = !filter.spider;
  const HistoryFilter every{filter.age, {}, {}, filter.most};
  report.gaps = gaps_of(instance, all ? report.runs : instance.reports->runs(every), latest_success,
                        report.since);
  return report;
}

std::string history(const Instance& instance, const HistoryFilter& filter, bool json) {
  const auto report = read_history(instance, filter);
  return json ? render::history_json(report) : render::history_text(report, instance.zone);
}

std::string show(const Instance& instance, RunId id, bool json) {
  RunReport report;
  auto record = instance.reports->run(id);
  if (!record) {
    throw UsageError("there is no run " + std::to_string(id) + " of the schedule " +
                     render::printable(instance.name) + "; spider-check history lists them");
  }
  report.record = *std::move(record);
  report.schedule = instance.name;
  report.now = instance.store.latest_success().now;
  forget_what_never_comes(report, instance.policy);
  report.outcomes = instance.reports->all_outcomes(id);
  return json ? render::run_json(report) : render::run_text(report, instance.zone);
}

}  // namespace spider_check::app
