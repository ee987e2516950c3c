#include "judge.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "world.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

constexpr Duration tick = 5min;

// The spiders one after the other, and the patience with a database that is away at the end.
constexpr Duration longest_run = 6min;

// Between two looks for a database that was away: the longest pause, and what is left of a beat.
constexpr Duration until_noticed = 40s;

// The server lets go of a dead session, and others believe that its owner is gone.
constexpr Duration takeover = 4min;

std::string name(const Trace& trace) {
  return "process " + std::to_string(trace.pid) + " on " + trace.machine->name;
}

bool runs_a_spider(const Trace& trace) {
  return trace.runs() && !trace.spiders.empty() && !trace.spiders.back().ended;
}

std::string list(const std::vector<SpiderTrace>& spiders) {
  std::string names;
  for (const auto& spider : spiders) {
    names += (names.empty() ? "" : ", ") + spider.name + (spider.ok ? "" : " (not done)");
  }
  return names;
}

}  // namespace

void Judge::object(const std::string& what) {
  if (objection_.empty()) objection_ = time_of_day(world_.now()) + ": " + what;
}

std::size_t Judge::begin(const Machine& machine, int pid, const Request& request) {
  Trace trace;
  trace.pid = pid;
  trace.machine = &machine;
  trace.request = request;
  trace.policy = world_.policy();
  trace.began = world_.now();
  trace.alone = machine.living.empty();
  trace.reached = world_.reaches(machine);
  traces_.push_back(std::move(trace));
  return traces_.size() - 1;
}

void Judge::claimed(Trace& trace, const Claim& claim) {
  trace.claimed = true;
  trace.claim = claim;
  if (claim.attempt > trace.policy.max_attempts) {
    object(name(trace) + " makes attempt " + std::to_string(claim.attempt) + " of " +
           std::to_string(trace.policy.max_attempts));
  }
  for (const auto& before : traces_) {
    if (&before == &trace || !before.claimed || !before.over || !knows(trace, before)) continue;
    if (!trace.request.force) not_again(trace, before);
    if (before.claim.uuid != claim.uuid) continue;
    for (const auto& spider : before.spiders) {
      if (spider.ok && spider.told) trace.done_before.insert(spider.name);
    }
  }
}

void Judge::about_to_start(Trace& trace, const std::string& spider) {
  trace.spiders.push_back({spider, world_.now()});
  for (const auto& other : traces_) {
    if (&other != &trace && runs_a_spider(other)) one_at_a_time(trace, other);
  }
  if (trace.done_before.contains(spider)) {
    object(name(trace) + " starts spider " + spider + " again, which had succeeded in this run");
  }
}

void Judge::started(Trace& trace) {
  trace.spiders.back().started = true;
}

void Judge::ended(Trace& trace, bool ok) {
  auto& spider = trace.spiders.back();
  spider.ended = true;
  spider.ok = ok;
  if (!ok) return;
  auto& last = successes_[spider.name];
  last = std::max(last, spider.at);
}

void Judge::told(Trace& trace) {
  trace.spiders.back().told = true;
}

void Judge::silent(const Machine& machine) {
  for (const auto& trace : traces_) {
    if (trace.machine == &machine && trace.runs()) setback_ = world_.now() + takeover;
  }
}

void Judge::look() {
  for (auto one = traces_.begin(); one != traces_.end(); ++one) {
    if (!runs_a_spider(*one)) continue;
    for (auto other = traces_.begin(); other != one; ++other) {
      if (runs_a_spider(*other)) one_at_a_time(*one, *other);
    }
  }
}

void Judge::one_at_a_time(const Trace& one, const Trace& other) {
  const auto& here = *one.machine;
  const auto& there = *other.machine;
  const auto both = name(one) + " and " + name(other) + " run spiders at the same time";
  if (&here == &there) {
    if (disk_is_fine_since(here, std::min(one.began, other.began))) object(both);
    return;
  }
  if (!here.awake() || !there.awake() || !world_.reaches(here) || !world_.reaches(there)) return;
  const auto since = std::max(world_.reaches_since(here), world_.reaches_since(there));
  if (world_.now() - since > until_noticed) object(both);
}

bool Judge::disk_is_fine_since(const Machine& machine, Duration time) const {
  return machine.disk_trouble < time;
}

/** Whether a process must know what one before it did. */
bool Judge::knows(const Trace& trace, const Trace& before) const {
  const auto& host = *trace.machine;
  const bool lost_nothing = disk_is_fine_since(*before.machine, before.began);
  const bool in_journal = is_in_journal(before);
  const bool carried = !in_journal && lost_nothing && is_in_rows(before);
  // What was carried into the database is known there, and no longer here.
  const bool remembers = trace.machine == before.machine && lost_nothing &&
                         (before.in_database || in_journal) &&
                         host.offsets.first == host.offsets.second;
  const bool reads = (before.in_database || carried) && reached_throughout(trace);
  return remembers || reads;
}

bool Judge::is_in_journal(const Trace& trace) const {
  const auto& attempts = trace.machine->disk.attempts;
  return std::any_of(attempts.begin(), attempts.end(), [&](const auto& held) {
    return held.record.claim.token == trace.claim.token;
  });
}

bool Judge::is_in_rows(const Trace& trace) const {
  const auto& rows = world_.rows();
  return std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
    return std::any_of(row.tokens.begin(), row.tokens.end(),
                       [&](const auto& token) { return token.second == trace.claim.token; });
  });
}

/** It could use the database all the time. */
bool Judge::reached_throughout(const Trace& trace) const {
  return trace.reached && world_.reaches(*trace.machine) && !trace.lost_connection &&
         world_.reaches_since(*trace.machine) <= trace.began;
}

/** The uuid of a run names the process that began it. */
Duration Judge::start_of(const Claim& claim) const {
  const auto pid = claim.uuid.substr(claim.uuid.find('-') + 1);
  return traces_[std::stoul(pid) - 1].began;
}

/** A run that nobody forced must have been due. */
void Judge::not_again(const Trace& trace, const Trace& before) {
  const auto now = world_.now();
  const auto age = now - start_of(before.claim);
  if (before.succeeded && before.whole() && age < trace.policy.interval - 1s) {
    object(name(trace) + " starts a run within the interval of one that succeeded, by " +
           name(before));
  }
  const bool follows =
      before.claim.uuid == trace.claim.uuid && before.claim.attempt + 1 == trace.claim.attempt;
  const bool failed =
      !before.succeeded && !before.killed && !before.told_to_end && !before.lost_run;
  if (follows && failed &&
      now - before.over_at < backoff(before.policy, before.claim.attempt) - 1s) {
    object(name(trace) + " retries too soon what " + name(before) + " failed to do");
  }
}

bool Judge::may_throw(const Trace& trace) const {
  return world_.on_database_error() == OnDatabaseError::skip ||
         !disk_is_fine_since(*trace.machine, trace.began);
}

void Judge::end(Trace& trace, const app::Result& result) {
  const auto now = world_.now();
  trace.over = true;
  trace.over_at = now;
  trace.succeeded = trace.claimed && !trace.killed && result.code == ExitCode::success;
  if (trace.claimed) {
    world_.tell("process " + std::to_string(trace.pid) + " on " + trace.machine->name +
                (trace.killed      ? " is killed in"
                 : trace.succeeded ? " has done"
                                   : " has failed in") +
                " attempt " + std::to_string(trace.claim.attempt) + " of run " + trace.claim.uuid +
                ": " + list(trace.spiders));
    const bool lost_nothing = disk_is_fine_since(*trace.machine, trace.began);
    trace.in_database = !trace.killed && is_in_rows(trace) && !is_in_journal(trace) &&
                        (lost_nothing || reached_throughout(trace));
  }
  if ((trace.claimed || left_claim(trace)) && !trace.succeeded) setback_ = std::max(setback_, now);
  if (trace.killed || !trace.machine->on) return;
  if (reached_throughout(trace) && trace.alone && disk_is_fine_since(*trace.machine, trace.began)) {
    for (auto& before : traces_) {
      if (before.machine == trace.machine && before.over && before.over_at < trace.began) {
        settle(before);
      }
    }
  }
  keep_the_promise(*trace.machine);
}

/** It was killed right after it had begun a run. */
bool Judge::left_claim(const Trace& trace) const {
  const auto& rows = world_.rows();
  const auto& attempts = trace.machine->disk.attempts;
  return std::any_of(rows.begin(), rows.end(),
                     [&](const auto& row) { return row.run.owner.pid == trace.pid; }) ||
         std::any_of(attempts.begin(), attempts.end(),
                     [&](const auto& attempt) { return attempt.record.owner.pid == trace.pid; });
}

/** What a process did is recorded once, and as it was. */
void Judge::settle(Trace& trace) {
  if (trace.settled || trace.spiders.empty()) return;
  trace.settled = true;
  if (!disk_is_fine_since(*trace.machine, trace.began)) return;
  for (const auto& spider : trace.spiders) {
    int found = 0;
    for (const auto& row : world_.rows()) {
      for (const auto& recorded : row.outcomes) {
        const auto token = row.tokens.find(recorded.attempt);
        const bool own = token != row.tokens.end() && token->second == trace.claim.token;
        if (!own || recorded.outcome.spider != spider.name) continue;
        ++found;
        const bool ok = recorded.outcome.judgement.verdict != Verdict::failed;
        if ((ok && !spider.ok) || (spider.told && !ok && spider.ok)) {
          object("spider " + spider.name + " of " + name(trace) + " is recorded as " +
                 (ok ? "a success" : "a failure") + ", which it was not");
        }
      }
    }
    if (found > 1 || (found == 0 && spider.started)) {
      object(name(trace) + " started spider " + spider.name + ", which is recorded " +
             std::to_string(found) + " times");
    }
  }
}

/** Nothing is recorded that never happened, and no run twice. */
void Judge::no_others_rows() {
  std::set<std::string> uuids;
  std::set<std::pair<std::string, std::string>> starts;  // by token
  for (const auto& trace : traces_) {
    for (const auto& spider : trace.spiders) starts.emplace(trace.claim.token, spider.name);
  }
  for (const auto& row : world_.rows()) {
    if (!uuids.insert(row.run.uuid).second) object("run " + row.run.uuid + " has two rows");
    for (const auto& recorded : row.outcomes) {
      const auto& spider = recorded.outcome.spider;
      const auto token = row.tokens.find(recorded.attempt);
      if (token != row.tokens.end() && starts.contains({token->second, spider})) continue;
      object("run " + row.run.uuid + " has a start of spider " + spider + " that never happened");
    }
  }
}

void Judge::settle_all() {
  for (auto& trace : traces_) {
    if (trace.over) settle(trace);
  }
  no_others_rows();
}

void Judge::keep_the_promise(const Machine& machine) {
  const auto now = world_.now();
  if (!machine.awake()) return;
  const bool clock_is_right = machine.offsets.first == machine.offsets.second;
  if (!world_.reaches(machine) &&
      (world_.on_database_error() == OnDatabaseError::skip || machine.disk.full || !clock_is_right))
    return;
  for (const auto& trace : traces_) {
    if (trace.runs() && trace.machine->awake()) return;
  }
  auto since = std::max({machine.booted, machine.woke, machine.full_until, world_.policy_since()});
  const bool needs_database = world_.on_database_error() == OnDatabaseError::skip ||
                              !disk_is_fine_since(machine, machine.full_until) || !clock_is_right;
  if (needs_database) since = std::max(since, world_.reaches_since(machine));
  // Where a clock went backwards between two boots, a run counts from the second one.
  auto setback = setback_;
  for (const auto& other : world_.machines()) {
    if (other.offsets.first != other.offsets.second) setback = std::max(setback, other.booted);
  }
  const auto interval = world_.policy().interval;
  const auto late = 2 * tick + longest_run;
  for (const auto& spider : {"a", "b", "c"}) {
    const auto success = successes_.contains(spider) ? successes_[spider] : Duration(-1000h);
    const auto due = std::max({success + interval, setback + interval, since});
    if (now <= due + late) continue;
    object("spider " + std::string(spider) + " should have run on " + machine.name + " at " +
           time_of_day(due));
  }
}

}  // namespace spider_check::test
