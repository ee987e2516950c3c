#include <algorithm>
#include <optional>
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

/** The run is this attempt's from now on, running or as it ended. */
void make_own(MemoryRun& row, const AttemptFacts& facts, const HostTime& now, TimePoint at) {
  const auto& attempt = facts.attempt;
  auto& run = row.run;
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
  if (facts.end == nullptr) return;
  const auto& end = facts.end->end;
  run.status = end.status;
  run.failure = end.failure;
  row.faults = end.faults;
  run.finished = facts.owner_lives ? at : at - least_age(facts.end->at, now);
  if (end.retry_after) run.next_attempt = *run.finished + *end.retry_after;
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

/** Whether the row says from now on what the attempt, of this number, does. */
bool takes_over(const Run& run, const AttemptFacts& facts, int number) {
  const auto& claim = facts.attempt.claim;
  const bool failed = run.status == RunStatus::failed;
  const bool has_token = run.token == claim.token;
  if (facts.owner_lives) return has_token || (failed && run.attempt < claim.attempt);
  if (has_token && run.attempt == claim.attempt) return run.status == RunStatus::running;
  const bool is_marked = run.token.empty() && number == run.attempt;
  return failed && (number > run.attempt || (is_marked && facts.attempt.end));
}

void add_outcomes(MemoryRun& row, int attempt, const AttemptFacts& facts, const HostTime& now,
                  TimePoint at) {
  for (const auto& each : facts.outcomes) {
    const bool known =
        std::any_of(row.outcomes.begin(), row.outcomes.end(), [&](const auto& other) {
          return other.outcome.spider == each.outcome.spider && other.attempt == attempt;
        });
    row.tokens[attempt] = facts.attempt.claim.token;
    if (known) continue;
    row.outcomes.push_back({each.outcome, attempt, at - least_age(each.ended, now)});
  }
}

}  // namespace

void MemoryRunStore::take_again(SlotLock& lock) {
  drop_connection();
  require_up();
  if (held_by_others(lock.slot())) throw LostRun("the lock was taken");
  database_.slots[lock.slot()] = this;
}

void MemoryRunStore::send(const AttemptFacts& facts, const HostTime& now) {
  require_up();
  // The attempt may be told more of before this is carried out.
  write_ = [this, attempt = facts.attempt,
            outcomes = std::vector(facts.outcomes.begin(), facts.outcomes.end()),
            end = facts.end == nullptr ? std::optional<JournaledEnd>() : *facts.end,
            owner_lives = facts.owner_lives, now] {
    return write({attempt, outcomes, end ? &*end : nullptr, owner_lives}, now);
  };
}

std::optional<RecordedRun> MemoryRunStore::written() {
  return std::exchange(write_, nullptr)();
}

/** What tests call it. */
std::string MemoryRunStore::verb_of(const AttemptFacts& facts) const {
  if (!facts.owner_lives) return "replay";
  const auto* row = database_.find(facts.attempt.claim.uuid);
  if (row == nullptr) return "start";
  if (row->run.token != facts.attempt.claim.token) return "retry";
  if (facts.end != nullptr) return "finish";
  return facts.outcomes.empty() ? "heartbeat" : "send";
}

RecordedRun MemoryRunStore::write(const AttemptFacts& facts, const HostTime& now) {
  require_up();
  const auto& attempt = facts.attempt;
  const bool has_crawl =
      std::any_of(facts.outcomes.begin(), facts.outcomes.end(),
                  [](const auto& each) { return each.outcome.crawl.has_value(); });
  if (has_crawl && database_.refuses_crawls) {
    throw DbError(DbError::Kind::data, "it cannot be stored", "crawl");
  }
  require_taken(verb_of(facts), attempt.claim.uuid);
  auto* row = database_.find(attempt.claim.uuid);
  const bool is_new = row == nullptr;
  if (is_new) row = &add_run(attempt, now);
  const int number = is_new ? attempt.claim.attempt : number_of(*row, attempt);
  const bool takes = is_new || takes_over(row->run, facts, number);
  if (facts.owner_lives && !takes) throw LostRun("run was taken over");
  if (takes) make_own(*row, facts, now, database_.now);
  row->run.attempt = is_new ? number : std::max(row->run.attempt, number);
  add_outcomes(*row, number, facts, now, database_.now);
  const RecordedRun recorded{row->run.id, row->run.started, is_new};
  answer();
  return recorded;
}

}  // namespace spider_check::test
