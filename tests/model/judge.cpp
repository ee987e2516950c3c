#include "judge.hpp"

#include <algorithm>
#include <utility>

#include "schedule/run_store.hpp"
#include "world.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

constexpr Duration tick = 5min;

// The spiders one after the other, and the patience with a database that is away at the end.
constexpr Duration max_run = 6min;

// Between two tries to reach a database that was away, with some that go wrong.
constexpr Duration until_noticed = 10s;

// A host that slept looks after its connection at once.
constexpr Duration until_looked = 2s;

/** The start of its run is known from a former boot of its host only, whose clock was set since. */
bool is_misdated(const Trace& beginner) {
  const auto& host = *beginner.machine;
  return !beginner.in_database && beginner.began < host.booted &&
         host.offsets.first != host.offsets.second;
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
  for (const auto& held : trace.machine->disk.attempts) {
    if (held.record.claim.token == claim.token) trace.slot = held.record.slot;
  }
  trace.unasked = true;
  // The disk may be full.
  for (const auto& row : world_.rows()) {
    if (row.run.token != claim.token) continue;
    trace.slot = row.run.slot;
    trace.unasked = false;
  }
  if (claim.attempt > trace.policy.max_attempts) {
    object(to_text(trace) + " makes attempt " + std::to_string(claim.attempt) + " of " +
           std::to_string(trace.policy.max_attempts));
  }
  for (const auto& before : traces_) {
    if (&before == &trace || !before.claimed || !before.over || !is_current(trace, before))
      continue;
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
    object(to_text(trace) + " starts spider " + spider + " again, which had succeeded in this run");
  }
}

void Judge::started(Trace& trace) {
  trace.spiders.back().started = true;
}

void Judge::ended(Trace& trace, bool ok) {
  auto& spider = trace.spiders.back();
  spider.ended = true;
  trace.idle_since = world_.now();
  spider.ok = ok;
  if (!ok) return;
  auto& last = successes_[spider.name];
  last = std::max(last, spider.at);
}

void Judge::told(Trace& trace) {
  trace.spiders.back().told = true;
}

/** Also when it was killed, for as long as that takes. */
bool Judge::runs_a_spider(const Trace& trace) const {
  return (trace.runs() && !trace.spiders.empty() && !trace.spiders.back().ended) ||
         trace.machine->lingering.contains(trace.pid);
}

/** The server lets go of a dead session, and others believe that its owner is gone. */
Duration Judge::takeover() const {
  return 2min + std::max<Duration>(2min, world_.max_grace() + 50s);
}

bool Judge::is_heard_of(const Trace& trace) const {
  const auto& rows = world_.rows();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& candidate) {
    return candidate.run.token == trace.claim.token && !trace.claim.token.empty();
  });
  return row != rows.end() && row->run.status == RunStatus::running &&
         row->run.spiders_outlive > 0s &&
         world_.now() - (row->run.heartbeat - World::database_epoch) <= 30s;
}

void Judge::silent(const Machine& machine) {
  for (const auto& trace : traces_) {
    if (trace.machine == &machine && trace.runs()) set_back(trace, takeover());
  }
}

void Judge::removed(const Run& row) {
  for (auto& trace : traces_) {
    if (trace.claim.token != row.token) continue;
    trace.fenced = false;
    trace.unasked = true;
  }
}

/** It comes to nothing, or may: the rest is tried again at once, while attempts are left. */
void Judge::set_back(const Trace& trace, Duration until_known) {
  // By the rules of now: they may have changed since it began.
  const int most = std::min(trace.policy.max_attempts, world_.policy().max_attempts);
  const bool attempts_left = trace.claimed && trace.claim.attempt < most;
  auto& time = attempts_left ? resumed_by_ : setback_;
  time = std::max(time, world_.now() + until_known);
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
  if (one.slot != other.slot && one.claim.uuid != other.claim.uuid) return;
  const auto& here = *one.machine;
  const auto& there = *other.machine;
  const auto both = to_text(one) + " and " + to_text(other) + " run spiders at the same time";
  if (&here == &there) {
    if (disk_is_fine_since(here, std::min(one.began, other.began))) object(both);
    return;
  }
  if (is_unfenced(one, other) || is_unfenced(other, one)) return;
  if (!here.awake() || !there.awake() || !world_.reaches(here) || !world_.reaches(there)) return;
  if (world_.now() > std::max(knows_since(here), knows_since(there))) object(both);
}

/** From when on it must know what the database says. */
Duration Judge::knows_since(const Machine& machine) const {
  return std::max(world_.out_of_reach_until(machine) + until_noticed, machine.woke + until_looked);
}

/**
 * A process was killed that the database had not heard of for a while, or whose host slept since,
 * so that nobody knows how long its spider lives; or by all signs it is of a former boot of the
 * other host, its clone; or the other began without the database, when there was nobody to ask, or
 * somebody removed its row, and it comes back when the lock of what was killed is free.
 */
bool Judge::is_unfenced(const Trace& killed, const Trace& other) const {
  const auto& here = *killed.machine;
  if (!here.lingering.contains(killed.pid)) return false;
  const bool taken_for_own = here.machine_id != World::no_machine_id &&
                             here.machine_id == other.machine->machine_id &&
                             other.machine->booted > killed.over_at - 30s;
  return !killed.fenced || here.woke > killed.over_at || taken_for_own || other.unasked ||
         is_overtaken(killed);
}

/**
 * A newer run that was begun without the database was recorded since, which makes a row that is
 * still marked running history: nobody waits for the spiders of its owner any more.
 */
bool Judge::is_overtaken(const Trace& killed) const {
  const auto& rows = world_.rows();
  const auto row_of = [&](const Trace& trace) {
    return std::find_if(rows.begin(), rows.end(),
                        [&](const auto& row) { return row.run.uuid == trace.claim.uuid; });
  };
  const auto own = row_of(killed);
  return std::any_of(traces_.begin(), traces_.end(), [&](const Trace& trace) {
    if (!trace.unasked || !trace.whole() || trace.claim.attempt > 1) return false;
    const auto newer = row_of(trace);
    return own != rows.end() && newer != rows.end() && newer->run.started > own->run.started;
  });
}

bool Judge::disk_is_fine_since(const Machine& machine, Duration time) const {
  return machine.disk_trouble < time;
}

/** Whether a process must know what one before it did. */
bool Judge::is_current(const Trace& trace, const Trace& before) const {
  const auto& host = *trace.machine;
  const bool lost_nothing = disk_is_fine_since(*before.machine, before.began);
  const bool in_journal = is_in_journal(before);
  const bool replayed = !in_journal && lost_nothing && is_in_rows(before);
  const bool remembers = trace.machine == before.machine && lost_nothing &&
                         (before.in_database || in_journal || replayed) &&
                         host.offsets.first == host.offsets.second;
  const bool reads = (before.in_database || replayed) && reached_throughout(trace);
  return remembers || reads;
}

/** It could use the database all the time. */
bool Judge::reached_throughout(const Trace& trace) const {
  return trace.reached && world_.reaches(*trace.machine) && !trace.lost_connection &&
         world_.reaches_since(*trace.machine) <= trace.began;
}

/** The uuid of a run names the process that began it. */
const Trace& Judge::beginner_of(const Claim& claim) const {
  const auto pid = claim.uuid.substr(claim.uuid.find('-') + 1);
  return traces_[std::stoul(pid) - 1];
}

/** A run that nobody forced must have been due. */
void Judge::not_again(const Trace& trace, const Trace& before) {
  const auto now = world_.now();
  const auto& beginner = beginner_of(before.claim);
  // Where there are slots left it may be forced beside a run that has been recorded already.
  const bool is_beside = !trace.unasked && trace.claim.attempt == 1 &&
                         trace.claim.started - World::database_epoch < before.over_at;
  // An attempt at the same run starts only what has not succeeded in it, maybe nothing.
  const bool is_same = before.claim.uuid == trace.claim.uuid;
  if (before.succeeded && before.whole() && !is_same && !is_beside && !is_misdated(beginner) &&
      now - beginner.began < trace.policy.interval - 1s) {
    object(to_text(trace) + " starts a run within the interval of one that succeeded, by " +
           to_text(before));
  }
  const bool follows =
      before.claim.uuid == trace.claim.uuid && before.claim.attempt + 1 == trace.claim.attempt;
  const bool failed =
      !before.succeeded && !before.killed && !before.told_to_end && !before.lost_run;
  if (follows && failed &&
      now - before.idle_since < backoff(before.policy, before.claim.attempt) - 1s) {
    object(to_text(trace) + " retries too soon what " + to_text(before) + " failed to do");
  }
}

bool Judge::may_throw(const Trace& trace) const {
  return world_.on_database_error() == OnDatabaseError::skip ||
         world_.policy_since() >= trace.began || !disk_is_fine_since(*trace.machine, trace.began);
}

void Judge::end(Trace& trace, const Result& result) {
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
  if ((trace.claimed || left_claim(trace)) && !trace.succeeded) {
    if (trace.killed || trace.told_to_end) {
      set_back(trace, takeover());
    } else {
      setback_ = std::max(setback_, now);
    }
  }
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
  // Attempts that were left may not be by the new rules.
  if (world_.policy_since() >= resumed_by_ - takeover()) setback_ = std::max(setback_, resumed_by_);
  // Where a clock went backwards between two boots, a run counts from the second one.
  auto setback = setback_;
  for (const auto& other : world_.machines()) {
    since = std::max(since, other.slow_until);
    if (other.offsets.first != other.offsets.second) setback = std::max(setback, other.booted);
  }
  const auto interval = world_.policy().interval;
  const auto late = 2 * tick + max_run;
  for (const auto& spider : {"a", "b", "c"}) {
    const auto success = successes_.contains(spider) ? successes_[spider] : Duration(-1000h);
    const auto due = std::max({success + interval, setback + interval, resumed_by_, since});
    if (now <= due + late) continue;
    object("spider " + std::string(spider) + " should have run on " + machine.name + " at " +
           time_of_day(due));
  }
}

}  // namespace spider_check::test
