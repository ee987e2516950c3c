#include "schedule/decide.hpp"

#include <algorithm>

namespace spider_check {

namespace {

using namespace std::chrono_literals;

// As the timer and the line for a crontab have it.
constexpr Duration usual_tick = 5min;

/** Exactly the interval is due; the slack makes a little less enough. */
bool is_due(TimePoint now, TimePoint started, const Policy& policy) {
  return now - started >= policy.interval - policy.slack;
}

TimePoint due_after(TimePoint started, const Policy& policy) {
  return started + policy.interval - policy.slack;
}

/**
 * Counted from the newest whole run, successful or not: a run that failed was there, so what is
 * late is late because nothing was there to start it.
 */
std::optional<Lateness> lateness(const State& state, const Policy& policy) {
  auto newest = state.newest_success;
  if (state.last) newest = newest ? std::max(*newest, state.last->started) : state.last->started;
  if (!newest) return std::nullopt;
  // So people write "run it now": nothing was missed.
  if (*newest == infinitely_old) return Lateness{};
  const auto age = state.now - *newest;
  return Lateness{std::max(Duration{0}, age - policy.interval),
                  static_cast<int>(std::max<std::int64_t>(0, age / policy.interval - 1))};
}

TimePoint retry_time(const Run& run, const Policy& policy) {
  if (run.next_attempt) return *run.next_attempt;
  return run.finished.value_or(run.heartbeat) + backoff(policy, run.attempt);
}

/** Rows 8 to 10: nothing is running. */
Action decide_idle(const State& state, const Policy& policy) {
  if (!state.last) return StartRun{!state.newest_success, lateness(state, policy)};
  const auto& last = *state.last;
  const bool failed_lately =
      last.status == RunStatus::failed && !is_due(state.now, last.started, policy);
  if (!failed_lately) return StartRun{false, lateness(state, policy)};
  const auto retry = retry_time(last, policy);
  if (last.attempt < policy.max_attempts && retry <= state.now) return RetryRun{last};
  if (has_attempts_left(last, policy)) return WaitsForRetry{last, retry, true};
  return WaitsForRetry{last, due_after(last.started, policy), false};
}

/** The same state once the run is marked failed; an interruption uses no backoff. */
State after_interruption(State state, const Run& run) {
  if (run.partial) {
    state.partial.reset();
  } else {
    state.last->status = RunStatus::failed;
    state.last->failure = why_interrupted(run);
    state.last->next_attempt = state.now;
  }
  return state;
}

struct Candidate {
  const Run* run;
  OwnerStatus fate;
  std::optional<TimePoint> until;
  bool power_cut = false;
};

bool may_return(const Candidate& owner) {
  return !owner.run->lock_held && owner.fate != OwnerStatus::gone;
}

bool was_interrupted(const Candidate& owner) {
  return !owner.run->lock_held && owner.fate == OwnerStatus::gone;
}

Run interrupted_run(const Candidate& owner) {
  auto run = *owner.run;
  run.power_cut = owner.power_cut;
  return run;
}

OwnerMayReturn wait_for(const Candidate& owner) {
  return {*owner.run, owner.fate == OwnerStatus::alive, owner.until};
}

/** Rows 5 to 7 for one run that is marked running; empty when it holds nothing back. */
std::optional<Action> held_back_by(const Candidate& owner, const State& state,
                                   const Policy& policy) {
  const auto& run = *owner.run;
  if (run.lock_held) {
    if (!is_due(state.now, run.started, policy) || state.free_slots == 0)
      return AlreadyRunning{run};
    return std::nullopt;
  }
  if (may_return(owner)) return wait_for(owner);
  return std::nullopt;
}

/** The runs that are marked running, the newest first. */
std::vector<Candidate> running(const State& state, const OwnerStatuses& statuses) {
  std::vector<Candidate> runs;
  if (state.partial && state.partial->status == RunStatus::running) {
    runs.push_back(
        {&*state.partial, statuses.partial, statuses.partial_until, statuses.partial_power_cut});
  }
  if (state.last && state.last->status == RunStatus::running) {
    runs.push_back({&*state.last, statuses.last, statuses.last_until, statuses.last_power_cut});
  }
  return runs;
}

/** Row 1. An owner that lost its lock and is not gone still has spiders going. */
Decision decide_forced(const State& state, const OwnerStatuses& statuses) {
  Decision decision{StartRun{!state.newest_success && !state.last, std::nullopt}, {}};
  for (const auto& owner : running(state, statuses)) {
    if (was_interrupted(owner)) decision.interrupted.push_back(interrupted_run(owner));
    if (may_return(owner)) return {wait_for(owner), {}};
  }
  return decision;
}

}  // namespace

bool has_attempts_left(const Run& failed, const Policy& policy) {
  return failed.attempt < policy.max_attempts &&
         retry_time(failed, policy) + usual_tick <= due_after(failed.started, policy);
}

std::optional<Duration> retry_after(int attempts, Duration age, const Policy& policy) {
  const auto wait = backoff(policy, attempts);
  const bool comes_in_time = age + wait + usual_tick <= policy.interval - policy.slack;
  if (attempts >= policy.max_attempts || !comes_in_time) return {};
  return wait;
}

Duration backoff(const Policy& policy, int attempts) {
  auto wait = policy.retry_after;
  for (int i = 1; i < attempts && wait < policy.interval; ++i) wait *= 2;
  return std::min(wait, policy.interval);
}

std::optional<Decision> decide_quick(TimePoint now, const std::optional<TimePoint>& newest_success,
                                     const Policy& policy, const Request& request) {
  if (request.force) return std::nullopt;
  if (!policy.enabled) return Decision{Disabled{}, {}};
  if (newest_success && !is_due(now, *newest_success, policy)) {
    return Decision{RecentRun{*newest_success, due_after(*newest_success, policy)}, {}};
  }
  return std::nullopt;
}

Decision decide(const State& state, const Policy& policy, const Request& request,
                const OwnerStatuses& statuses) {
  if (request.force) return decide_forced(state, statuses);
  if (auto decision = decide_quick(state.now, state.newest_success, policy, request)) {
    return *decision;
  }
  std::vector<Run> interrupted;
  State settled = state;
  for (const auto& owner : running(state, statuses)) {
    if (auto action = held_back_by(owner, state, policy)) return {*action, interrupted};
    if (!was_interrupted(owner)) continue;
    interrupted.push_back(interrupted_run(owner));
    settled = after_interruption(settled, interrupted.back());
  }
  return {decide_idle(settled, policy), interrupted};
}

bool runs_spiders(const Decision& decision) {
  return std::holds_alternative<StartRun>(decision.action) ||
         std::holds_alternative<RetryRun>(decision.action);
}

bool may_wait(const std::optional<TimePoint>& newest_success, TimePoint now,
              Duration max_age) noexcept {
  return newest_success && now - *newest_success <= max_age;
}

}  // namespace spider_check
