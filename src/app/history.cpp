#include "app/history.hpp"

#include <algorithm>

#include "app/memory.hpp"
#include "core/errors.hpp"
#include "core/gaps.hpp"
#include "render/history.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

namespace {

/** The newest success, where it is older than all these runs: from it on a gap may have begun. */
void add_success_before(std::vector<RunRecord>& runs, const Glance& glance) {
  if (!glance.newest_success) return;
  if (!runs.empty() && *glance.newest_success >= runs.back().run.started) return;
  RunRecord success;
  success.run.status = RunStatus::completed;
  success.run.started = *glance.newest_success;
  runs.push_back(std::move(success));
}

/** Of what was before, only some runs are kept, and the others are no gaps. */
TimePoint since_all_are_kept(const Schedule& schedule, const Glance& glance, TimePoint since) {
  if (schedule.keep <= Duration{0} || !glance.newest_success) return since;
  return std::max(since, std::min(glance.now - schedule.keep, *glance.newest_success));
}

std::vector<Gap> gaps_of(const Schedule& schedule, std::vector<RunRecord> runs,
                         const Glance& glance, TimePoint since) {
  add_success_before(runs, glance);
  std::vector<Hindrance> current;
  if (glance.newest_success) {
    const auto due = *glance.newest_success + schedule.policy.interval;
    if (glance.now > due) current = current_hindrances(schedule, glance.now - due);
  }
  return find_gaps(runs, schedule.policy, since_all_are_kept(schedule, glance, since), glance.now,
                   current);
}

/** The next attempt at a run that will not be tried again. */
void forget_what_never_comes(RunReport& report, const Policy& policy) {
  auto& run = report.record.run;
  const bool is_over = report.now - run.started >= policy.interval;
  if (is_over || !has_attempts_left(run, policy)) run.next_attempt.reset();
}

}  // namespace

HistoryReport read_history(const Schedule& schedule, const HistoryFilter& filter) {
  const auto glance = schedule.store.glance();
  HistoryReport report;
  report.schedule = schedule.name;
  report.now = glance.now;
  report.since = glance.now - filter.age;
  auto one_more = filter;
  ++one_more.most;
  report.runs = schedule.reports->runs(one_more);
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
      gaps_of(schedule, all ? report.runs : schedule.reports->runs(every), glance, report.since);
  return report;
}

std::string history(const Schedule& schedule, const HistoryFilter& filter, bool json) {
  const auto report = read_history(schedule, filter);
  return json ? render::history_json(report) : render::history_text(report, schedule.zone);
}

std::string show(const Schedule& schedule, RunId id, bool json) {
  RunReport report;
  auto record = schedule.reports->run(id);
  if (!record) {
    throw UsageError("there is no run " + std::to_string(id) + " of the schedule " +
                     render::printable(schedule.name) + "; spider-check history lists them");
  }
  report.record = *std::move(record);
  report.schedule = schedule.name;
  report.now = schedule.store.glance().now;
  forget_what_never_comes(report, schedule.policy);
  report.outcomes = schedule.reports->all_outcomes(id);
  return json ? render::run_json(report) : render::run_text(report, schedule.zone);
}

}  // namespace spider_check::app
