#include "app/memory.hpp"

#include <algorithm>
#include <system_error>

#include "core/duration.hpp"
#include "core/errors.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

namespace {

bool is_noted(const Known& known, GapCause cause) {
  return std::any_of(known.hindrances.begin(), known.hindrances.end(),
                     [&](const auto& each) { return each.cause == cause; });
}

void add(Known& known, GapCause cause, const HostTime& since, const std::string& detail) {
  if (!is_noted(known, cause)) known.hindrances.push_back({cause, since, detail});
}

/** How long the host slept is counted from what was noted last, which is about to change. */
void keep_sleep(Known& known, const HostTime& now) {
  if (known.noted.boot_id != now.boot_id) return;
  const auto slept = now.asleep - known.noted.asleep;
  if (slept >= least_hindrance) add(known, GapCause::suspended, earlier(now, slept), "");
}

template <typename Change>
void change(Schedule& schedule, Change&& change) {
  if (schedule.journal == nullptr) return;
  try {
    schedule.journal->change([&](Known& known) {
      const auto now = schedule.owners.now();
      keep_sleep(known, now);
      change(known);
      known.noted = now;
    });
  } catch (const std::system_error& error) {
    schedule.log.debug("Not remembered for when the database is away: {}",
                       render::printable(error.what()));
  }
}

/** Whether it began before what is known: it waited in the journal while later runs were recorded.
 */
bool is_of_before(const AttemptRecord& attempt, const HostTime& known, const HostTime& now) {
  return least_age(attempt.run_started, now) > least_age(known, now);
}

/** Null for a heartbeat that this host has not seen. */
const FutureHeartbeat* find(const Known& known, const Run& run) {
  const auto found = std::find_if(
      known.heartbeats.begin(), known.heartbeats.end(),
      [&](const auto& seen) { return seen.run == run.uuid && seen.heartbeat == run.heartbeat; });
  return found == known.heartbeats.end() ? nullptr : &*found;
}

bool lives(const Schedule& schedule, const Survivor& survivor) {
  const auto& self = schedule.owners.self();
  return survivor.boot_id == self.boot_id && survivor.pid_namespace == self.pid_namespace &&
         schedule.owners.is_alive(survivor.pid, survivor.start);
}

/** What is known of another database counts for nothing in this one. */
void settle_in(Known& known, const DatabaseIdentity& database) {
  if (database.id.empty()) return;
  if (known.database.is_other_than(database)) {
    Known fresh;
    fresh.published_disabled = known.published_disabled;
    fresh.of_others = known.of_others;
    fresh.survivors = known.survivors;
    known = std::move(fresh);
  }
  known.database = database;
}

/** Not known where it cannot be asked. */
DatabaseIdentity database_of(const Schedule& schedule) {
  try {
    return schedule.store.database();
  } catch (const DbError& error) {
    schedule.log.debug("Which database this is cannot be read: {}", error.what());
    return {};
  }
}

void tell_that_it_is_back(Schedule& schedule, Known& known) {
  if (!known.away) return;
  const auto since = age(*known.away, schedule.owners.now());
  schedule.log.info("The database is back{}", since ? " after " + to_words(*since) : "");
  add(known, GapCause::database_away, *known.away, "");
  known.away.reset();
}

}  // namespace

bool note_seen(Schedule& schedule, const Glance& glance) {
  if (schedule.journal == nullptr) return false;
  // What nearly every tick does, so it must cost next to nothing.
  if (schedule.journal->knows(glance.newest_success)) return false;
  const auto database = database_of(schedule);
  change(schedule, [&](Known& known) {
    settle_in(known, database);
    tell_that_it_is_back(schedule, known);
    known.mark = glance.newest_success;
    if (!glance.newest_success) return;
    known.success = earlier(schedule.owners.now(), glance.now - *glance.newest_success);
    // Another host's: what kept this one from it is over.
    const bool fresh = glance.now - *glance.newest_success < schedule.policy.interval;
    if (fresh) known.hindrances.clear();
  });
  return true;
}

void note_recorded(Schedule& schedule, const AttemptRecord& attempt, const JournaledEnd& ended,
                   const std::vector<std::string>& succeeded) {
  change(schedule, [&](Known& known) {
    settle_in(known, attempt.database);
    tell_that_it_is_back(schedule, known);
    if (attempt.run.partial) return;
    known.hindrances.clear();
    const auto now = schedule.owners.now();
    const auto& end = ended.end;
    const bool is_same = known.last && known.last->claim.uuid == attempt.claim.uuid;
    if (!known.last || is_same || !is_of_before(attempt, known.last->started, now)) {
      known.last = KnownRun{attempt.claim,   end.status,           attempt.run_started, ended.at,
                            end.retry_after, attempt.spider_count, end.failure,         succeeded};
    }
    if (end.status != RunStatus::completed || attempt.spider_count == 0) return;
    if (known.success && is_of_before(attempt, *known.success, now)) return;
    known.success = attempt.run_started;
    known.mark.reset();
    if (attempt.claim.started != TimePoint{}) known.mark = attempt.claim.started;
  });
}

bool note_away(Schedule& schedule) {
  if (schedule.journal->known().away) return false;
  change(schedule, [&](Known& known) { known.away = schedule.owners.now(); });
  return true;
}

void note_refused(Schedule& schedule, const DbError& error) {
  const auto what = render::printable(error.what());
  if (schedule.journal == nullptr) {
    schedule.log.warn("The database refuses to record this: {}", what);
    return;
  }
  const auto known = schedule.journal->known();
  const bool is_news = !known.refused || known.refused->cause != error.cause();
  if (is_news) {
    change(schedule, [&](Known& changed) {
      changed.refused = Refusal{error.cause(), error.what(), schedule.owners.now()};
    });
  }
  schedule.log.at(is_news ? LogLevel::warning : LogLevel::info,
                  "The database refuses to record this: {}; it waits in the journal in {}", what,
                  schedule.journal->place());
}

void note_taken(Schedule& schedule) {
  if (schedule.journal == nullptr || !schedule.journal->known().refused) return;
  change(schedule, [](Known& known) { known.refused.reset(); });
  schedule.log.info("The database records what it refused before");
}

bool note_unremovable(Schedule& schedule, const std::string& cause) {
  if (schedule.journal == nullptr) return true;
  if (schedule.journal->known().unremovable == cause) return false;
  change(schedule, [&](Known& known) { known.unremovable = cause; });
  return true;
}

void note_deferred(Schedule& schedule, const std::string& why) {
  change(schedule,
         [&](Known& known) { add(known, GapCause::deferred, schedule.owners.now(), why); });
}

bool note_of_others(Schedule& schedule, int attempts) {
  if (schedule.journal->known().of_others == attempts) return false;
  change(schedule, [&](Known& known) { known.of_others = attempts; });
  return attempts > 0;
}

void note_published(Schedule& schedule) {
  if (schedule.journal == nullptr) return;
  // Where nothing is published any more there is nothing to be set right either.
  const bool disabled = !schedule.publications.empty() && !schedule.policy.enabled;
  if (schedule.journal->known().published_disabled == disabled) return;
  change(schedule, [&](Known& known) { known.published_disabled = disabled; });
}

bool note_hindrance(Schedule& schedule, GapCause cause, const std::string& detail) {
  if (schedule.journal == nullptr || is_noted(schedule.journal->known(), cause)) return false;
  change(schedule, [&](Known& known) { add(known, cause, schedule.owners.now(), detail); });
  return true;
}

void note_heartbeats(Schedule& schedule, const State& state) {
  if (schedule.journal == nullptr) return;
  std::vector<FutureHeartbeat> heartbeats;
  const auto known = schedule.journal->known();
  for (const auto* run : {&state.last, &state.partial}) {
    const bool unclear = *run && (*run)->status == RunStatus::running && !(*run)->lock_held &&
                         (*run)->heartbeat > state.now;
    if (!unclear) continue;
    const auto* seen = find(known, **run);
    heartbeats.push_back(
        seen != nullptr ? *seen
                        : FutureHeartbeat{(*run)->uuid, (*run)->heartbeat, schedule.owners.now()});
  }
  if (heartbeats == known.heartbeats) return;
  change(schedule, [&](Known& kept) { kept.heartbeats = heartbeats; });
}

Duration unchanged_for(const Schedule& schedule, const Run& run) {
  if (schedule.journal == nullptr) return Duration{0};
  const auto known = schedule.journal->known();
  const auto* seen = find(known, run);
  return seen == nullptr ? Duration{0} : least_age(seen->since, schedule.owners.now());
}

void note_survivors(Schedule& schedule, const std::string& spider,
                    const std::vector<LeftProcess>& left) {
  if (left.empty()) return;
  change(schedule, [&](Known& known) {
    const auto& self = schedule.owners.self();
    std::erase_if(known.survivors, [&](const auto& each) { return !lives(schedule, each); });
    for (const auto& process : left) {
      known.survivors.push_back(
          {spider, self.boot_id, self.pid_namespace, process.pid, process.start});
    }
  });
}

void hold_back_survived(Schedule& schedule, std::vector<SpiderJob>& jobs) {
  if (schedule.journal == nullptr) return;
  for (const auto& survivor : schedule.journal->known().survivors) {
    const auto job = std::find_if(jobs.begin(), jobs.end(),
                                  [&](const auto& each) { return each.name == survivor.spider; });
    if (job == jobs.end() || !lives(schedule, survivor)) continue;
    job->obstacle = "pid " + std::to_string(survivor.pid) +
                    " of its last run could not be ended and is still alive";
  }
}

std::vector<NotedHindrance> noted_hindrances(const Known& known) {
  auto noted = known.hindrances;
  if (known.away) noted.push_back({GapCause::database_away, *known.away, ""});
  return noted;
}

std::vector<Hindrance> current_hindrances(const Schedule& schedule, Duration late) {
  if (schedule.journal == nullptr) return {};
  const auto known = schedule.journal->known();
  if (known.noted.boot_id.empty()) return {};
  return hindrances(late, schedule.owners.now(), known.noted, noted_hindrances(known));
}

}  // namespace spider_check::app
