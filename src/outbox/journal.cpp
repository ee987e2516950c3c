#include "outbox/journal.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_set>

namespace spider_check {

namespace {

JournaledOutcome unknown_outcome(const JournaledStart& start) {
  SpiderOutcome outcome;
  outcome.spider = start.spider;
  outcome.child.termination = Unknown{};
  outcome.judgement = {Verdict::failed,
                       {"interrupted: the program that ran it ended before it did"}};
  outcome.log = start.log;
  return {std::move(outcome), start.at};
}

/** The latest instant that it tells of. */
HostTime last_heard_of(const AttemptRecord& attempt) {
  auto last = attempt.began;
  const auto later = [&](const HostTime& at) {
    if (at.since_boot > last.since_boot) last = at;
  };
  for (const auto& start : attempt.starts) later(start.at);
  for (const auto& outcome : attempt.outcomes) later(outcome.ended);
  return last;
}

}  // namespace

std::vector<JournaledOutcome> outcomes_of(const AttemptRecord& attempt) {
  std::vector<JournaledOutcome> all;
  std::unordered_set<std::string_view> spiders;
  for (const auto& outcome : attempt.outcomes) {
    if (spiders.insert(outcome.outcome.spider).second) all.push_back(outcome);
  }
  for (const auto& start : attempt.starts) {
    if (spiders.insert(start.spider).second) all.push_back(unknown_outcome(start));
  }
  return all;
}

JournaledEnd end_of(const AttemptRecord& attempt, const HostTime& now) {
  if (attempt.end) return *attempt.end;
  RunEnd end;
  end.status = RunStatus::failed;
  Run run;
  run.owner = attempt.owner;
  run.power_cut = attempt.began.boot_id != now.boot_id;
  end.failure = why_interrupted(run);
  end.retry_after = Duration{0};
  return {std::move(end), last_heard_of(attempt)};
}

std::vector<std::string> succeeded_in(const AttemptRecord& attempt) {
  std::vector<std::string> names;
  for (const auto& each : attempt.outcomes) {
    const auto& outcome = each.outcome;
    if (outcome.judgement.verdict != Verdict::failed) names.push_back(outcome.spider);
  }
  return names;
}

namespace {

/** A run with what the decision compares: empty where a clock went backwards since. */
std::optional<Run> dated(Run run, const HostTime& started, const HostTime& heard_of,
                         const HostTime& now) {
  const auto since_start = age(started, now);
  const auto silence = age(heard_of, now);
  if (!since_start || !silence) return std::nullopt;
  run.started = now.wall - *since_start;
  run.heartbeat = now.wall - *silence;
  return run;
}

/** Its end, and when it may be tried again. */
void add_end(Run& run, const HostTime& ended, const std::optional<Duration>& retry_after,
             const HostTime& now) {
  run.finished = now.wall - least_age(ended, now);
  if (retry_after) run.next_attempt = *run.finished + *retry_after;
}

std::optional<Run> run_of(const HostRun& known, const HostTime& now) {
  Run run;
  run.id = known.claim.id;
  run.uuid = known.claim.uuid;
  run.status = known.status;
  run.attempt = known.claim.attempt;
  run.spider_count = known.spider_count;
  run.failure = known.failure;
  auto whole = dated(std::move(run), known.started, known.ended, now);
  if (whole) add_end(*whole, known.ended, known.retry_after, now);
  return whole;
}

std::optional<Run> run_of(const PendingAttempt& pending, const HostTime& now) {
  const auto& record = pending.record;
  Run run;
  run.id = record.claim.id;
  run.uuid = record.claim.uuid;
  run.attempt = record.claim.attempt;
  run.spider_count = record.spider_count;
  run.partial = record.run.partial;
  run.owner = record.owner;
  run.token = record.claim.token;
  run.spiders_outlive = record.spiders_outlive;
  run.slot = record.slot;
  run.status = record.end ? record.end->end.status : RunStatus::running;
  run.lock_held = !record.end && pending.live;
  if (record.end) run.failure = record.end->end.failure;
  auto whole = dated(std::move(run), record.run_started, end_of(record, now).at, now);
  if (whole && record.end) add_end(*whole, record.end->at, record.end->end.retry_after, now);
  return whole;
}

/** The runs that are known, each as its newest attempt left it, in the order of their starts. */
std::vector<Run> runs_of(const JournalContents& contents, const HostTime& now, int& undated) {
  std::map<std::string, Run> newest;
  const auto add = [&](std::optional<Run> run) {
    if (!run) {
      ++undated;
      return;
    }
    const auto uuid = run->uuid;
    auto& known = newest[uuid];
    if (known.attempt <= run->attempt || known.uuid.empty()) known = std::move(*run);
  };
  if (contents.host_state.last) add(run_of(*contents.host_state.last, now));
  for (const auto& pending : contents.attempts) {
    if (pending.record.database.is_other_than(contents.host_state.database)) continue;
    add(run_of(pending, now));
  }
  std::vector<Run> runs;
  for (auto& [uuid, run] : newest) runs.push_back(std::move(run));
  std::stable_sort(runs.begin(), runs.end(),
                   [](const Run& a, const Run& b) { return a.started < b.started; });
  return runs;
}

void add_success(State& state, TimePoint started) {
  if (!state.newest_success || *state.newest_success < started) state.newest_success = started;
}

/** The same run by a clock that is ahead by so much. */
Run shifted(Run run, Duration ahead) {
  run.started += ahead;
  run.heartbeat += ahead;
  if (run.finished) *run.finished += ahead;
  if (run.next_attempt) *run.next_attempt += ahead;
  return run;
}

/** Of one run: whether the journal says more than the database. */
bool outranks(const Run& journal, const Run& database) {
  if (database.status == RunStatus::completed) return false;
  if (journal.attempt != database.attempt) return journal.attempt > database.attempt;
  if (journal.status == RunStatus::completed) return true;
  if (journal.status != RunStatus::failed) return false;
  // One that others took for interrupted has no owner in the database any more.
  if (database.status == RunStatus::failed) return database.token.empty();
  // Another owner's attempt of the same number is another attempt.
  return journal.token == database.token;
}

/** Whether the journal's newest whole run is the newest one of all, or says more of that. */
bool is_newer(const Run& run, const std::optional<Run>& last) {
  if (!last) return true;
  return run.uuid == last->uuid ? outranks(run, *last) : run.started > last->started;
}

}  // namespace

State state_of(const JournalContents& contents, const HostTime& now) {
  State state;
  state.now = now.wall;
  state.free_slots = contents.free_slots;
  if (const auto& success = contents.host_state.success) {
    const auto since = age(*success, now);
    if (since) add_success(state, now.wall - *since);
    if (!since) ++state.future_runs;
  }
  for (auto& run : runs_of(contents, now, state.future_runs)) {
    if (run.partial) {
      if (run.status == RunStatus::running) state.partial = run;
      continue;
    }
    if (run.status == RunStatus::completed && run.spider_count > 0) {
      add_success(state, run.started);
    }
    // A newer whole run makes a run of --spider that is marked running history.
    state.partial.reset();
    state.last = std::move(run);
  }
  return state;
}

State merge(State state, const std::vector<PendingAttempt>& attempts, const HostTime& now) {
  const auto own = state_of({{}, attempts, 1}, now);
  const auto ahead = state.now - own.now;
  if (own.newest_success) add_success(state, *own.newest_success + ahead);
  if (own.last) {
    auto run = shifted(*own.last, ahead);
    run.in_journal = true;
    if (state.last && state.last->uuid == run.uuid) {
      run.id = state.last->id;
      run.started = state.last->started;
    }
    if (is_newer(run, state.last)) {
      if (state.partial && state.partial->started < run.started) state.partial.reset();
      state.last = std::move(run);
    }
  }
  if (own.partial && !state.partial) {
    auto run = shifted(*own.partial, ahead);
    run.in_journal = true;
    if (!state.last || state.last->started <= run.started) state.partial = std::move(run);
  }
  return state;
}

}  // namespace spider_check
