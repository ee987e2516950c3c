#include <algorithm>
#include <utility>

#include "outbox/journal.hpp"
#include "support/memory_run_store.hpp"
#include "util/errors.hpp"

namespace spider_check::test {

MemoryRun& MemoryRunStore::add_run(const AttemptRecord& attempt, const HostTime& now) {
  MemoryRun row;
  row.run.id = database_.next_id();
  row.run.uuid = attempt.claim.uuid;
  row.run.started = database_.now - least_age(attempt.run_started, now);
  row.run.partial = attempt.run.partial;
  row.trigger = attempt.run.trigger;
  row.late = attempt.run.late;
  row.missed_intervals = attempt.run.missed_intervals;
  row.delays = attempt.run.delays;
  database_.runs.push_back(std::move(row));
  return database_.runs.back();
}

namespace {

/** The run is this attempt's from now on, running or as the attempt ended. */
void make_own(MemoryRun& row, const AttemptRecord& attempt, const HostTime& now, TimePoint at,
              bool running) {
  auto& run = row.run;
  run.attempt = attempt.claim.attempt;
  run.owner = attempt.owner;
  run.slot = attempt.slot;
  if (attempt.spider_count > 0) run.spider_count = attempt.spider_count;
  run.token = attempt.claim.token;
  run.spiders_outlive = attempt.spiders_outlive;
  run.heartbeat = at;
  run.status = RunStatus::running;
  run.failure.clear();
  run.finished.reset();
  run.next_attempt.reset();
  if (running) return;
  const auto end = end_of(attempt, now);
  run.status = end.end.status;
  run.failure = end.end.failure;
  row.faults = end.end.faults;
  run.finished = at - least_age(end.at, now);
  if (end.end.retry_after) run.next_attempt = *run.finished + *end.end.retry_after;
}

/** The attempt's own number, or the next free one where another owner has that one. */
int number_of(const MemoryRun& row, const AttemptRecord& attempt) {
  const auto& token = attempt.claim.token;
  int highest = row.run.attempt;
  for (const auto& [number, other] : row.tokens) {
    if (other == token) return number;
    highest = std::max(highest, number);
  }
  const int own = attempt.claim.attempt;
  const bool others = row.run.attempt == own && !row.run.token.empty() && row.run.token != token;
  return others || row.tokens.contains(own) ? highest + 1 : own;
}

}  // namespace

RunId MemoryRunStore::reclaim(const AttemptRecord& attempt, const HostTime& now, SlotLock& lock) {
  drop_connection();
  require_up();
  if (held_by_others(lock.slot())) throw LostRun("the lock was taken");
  database_.slots[lock.slot()] = this;
  return adopt(attempt, now);
}

RunId MemoryRunStore::record_again(const AttemptRecord& attempt, const HostTime& now) {
  require_up();
  return adopt(attempt, now);
}

RunId MemoryRunStore::adopt(const AttemptRecord& attempt, const HostTime& now) {
  require_taken("adopt");
  auto* row = database_.find(attempt.claim.uuid);
  if (row == nullptr) row = &add_run(attempt, now);
  const auto& run = row->run;
  const bool follows = run.token.empty() || run.token == attempt.claim.token ||
                       (run.status == RunStatus::failed && run.attempt < attempt.claim.attempt);
  const bool was_marked =
      run.token.empty() && run.status == RunStatus::failed && run.attempt >= attempt.claim.attempt;
  if (!follows || was_marked) throw LostRun("run was taken over");
  make_own(*row, attempt, now, database_.now, true);
  const auto id = row->run.id;
  answer();
  return id;
}

RunId MemoryRunStore::replay(const AttemptRecord& attempt, const HostTime& now) {
  require_up();
  require_taken("carry", attempt.claim.uuid);
  auto* row = database_.find(attempt.claim.uuid);
  int number = attempt.claim.attempt;
  if (row == nullptr) {
    row = &add_run(attempt, now);
    make_own(*row, attempt, now, database_.now, false);
  } else {
    number = number_of(*row, attempt);
    const bool own =
        row->run.token == attempt.claim.token && row->run.attempt == attempt.claim.attempt;
    const bool failed = row->run.status == RunStatus::failed;
    const bool is_marked = failed && row->run.token.empty() && number == row->run.attempt;
    const bool ends = (own && row->run.status == RunStatus::running) || (is_marked && attempt.end);
    const bool goes_on = !own && failed && number > row->run.attempt;
    if (ends || goes_on) make_own(*row, attempt, now, database_.now, false);
    row->run.attempt = std::max(row->run.attempt, number);
  }
  std::vector<SpiderOutcome> outcomes;
  for (auto& [outcome, ended, refused] : outcomes_of(attempt)) {
    outcomes.push_back(outcome);
    outcomes.back().ago = least_age(ended, now);
  }
  add_outcomes(*row, number, attempt.claim.token, outcomes);
  const auto id = row->run.id;
  answer();
  return id;
}

}  // namespace spider_check::test
