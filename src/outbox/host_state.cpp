#include "outbox/host_state.hpp"

#include <algorithm>
#include <system_error>

#include "util/errors.hpp"
#include "util/log.hpp"
#include "util/time.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

bool is_noted(const HostState& host_state, DelayCause cause) {
  return std::any_of(host_state.delays.begin(), host_state.delays.end(),
                     [&](const auto& each) { return each.cause == cause; });
}

void add(HostState& host_state, DelayCause cause, const HostTime& since,
         const std::string& detail) {
  if (!is_noted(host_state, cause)) host_state.delays.push_back({cause, since, detail});
}

/** How long the host slept is counted from what was noted last, which is about to change. */
void keep_sleep(HostState& host_state, const HostTime& now) {
  if (host_state.noted.boot_id != now.boot_id) return;
  const auto slept = now.asleep - host_state.noted.asleep;
  if (slept >= min_delay) add(host_state, DelayCause::suspended, earlier(now, slept), "");
}

template <typename Change>
void change(Instance& instance, Change&& change) {
  try {
    instance.journal.change([&](HostState& host_state) {
      const auto now = instance.host.now();
      keep_sleep(host_state, now);
      change(host_state);
      host_state.noted = now;
    });
  } catch (const std::system_error& error) {
    instance.log.debug("Not remembered for when the database is away: {}", printable(error.what()));
  }
}

/** Whether it began before what is known: it waited in the journal while later runs were recorded.
 */
bool is_of_before(const AttemptRecord& attempt, const HostTime& host_state, const HostTime& now) {
  return least_age(attempt.run_started, now) > least_age(host_state, now);
}

/** Null for a heartbeat that this host has not seen. */
const FutureHeartbeat* find(const HostState& host_state, const Run& run) {
  const auto found = std::find_if(
      host_state.heartbeats.begin(), host_state.heartbeats.end(),
      [&](const auto& seen) { return seen.run == run.uuid && seen.heartbeat == run.heartbeat; });
  return found == host_state.heartbeats.end() ? nullptr : &*found;
}

bool lives(const Instance& instance, const Survivor& survivor) {
  const auto& self = instance.host.self();
  return survivor.boot_id == self.boot_id && survivor.pid_namespace == self.pid_namespace &&
         instance.host.is_alive(survivor.pid, survivor.start);
}

/** What is known of another database counts for nothing in this one. */
void settle_in(HostState& host_state, const DatabaseIdentity& database) {
  if (database.id.empty()) return;
  if (host_state.database.is_other_than(database)) {
    HostState fresh;
    fresh.published_disabled = host_state.published_disabled;
    fresh.of_others = host_state.of_others;
    fresh.survivors = host_state.survivors;
    host_state = std::move(fresh);
  }
  host_state.database = database;
}

/** Not known where it cannot be asked. */
DatabaseIdentity database_of(const Instance& instance) {
  try {
    return instance.store.database();
  } catch (const DbError& error) {
    instance.log.debug("Which database this is cannot be read: {}", error.what());
    return {};
  }
}

void log_that_it_is_back(Instance& instance, HostState& host_state) {
  if (!host_state.away) return;
  const auto since = age(*host_state.away, instance.host.now());
  instance.log.info("The database is back{}", since ? " after " + to_words(*since) : "");
  add(host_state, DelayCause::database_away, *host_state.away, "");
  host_state.away.reset();
}

}  // namespace

bool note_seen(Instance& instance, const LatestSuccess& latest_success) {
  // What nearly every tick does, so it must cost next to nothing.
  if (instance.journal.is_current(latest_success.newest_success)) return false;
  const auto database = database_of(instance);
  change(instance, [&](HostState& host_state) {
    settle_in(host_state, database);
    log_that_it_is_back(instance, host_state);
    host_state.mark = latest_success.newest_success;
    if (!latest_success.newest_success) return;
    host_state.success =
        earlier(instance.host.now(), latest_success.now - *latest_success.newest_success);
    // Another host's: what kept this one from it is over.
    const bool fresh =
        latest_success.now - *latest_success.newest_success < instance.policy.interval;
    if (fresh) host_state.delays.clear();
  });
  return true;
}

void note_recorded(Instance& instance, const AttemptRecord& attempt, const JournaledEnd& ended,
                   const std::vector<std::string>& succeeded) {
  change(instance, [&](HostState& host_state) {
    settle_in(host_state, attempt.database);
    log_that_it_is_back(instance, host_state);
    if (attempt.run.partial) return;
    host_state.delays.clear();
    const auto now = instance.host.now();
    const auto& end = ended.end;
    const bool is_same = host_state.last && host_state.last->claim.uuid == attempt.claim.uuid;
    if (!host_state.last || is_same || !is_of_before(attempt, host_state.last->started, now)) {
      host_state.last =
          HostRun{attempt.claim,   end.status,           attempt.run_started, ended.at,
                  end.retry_after, attempt.spider_count, end.failure,         succeeded};
    }
    if (end.status != RunStatus::completed || attempt.spider_count == 0) return;
    if (host_state.success && is_of_before(attempt, *host_state.success, now)) return;
    host_state.success = attempt.run_started;
    host_state.mark.reset();
    if (attempt.claim.started != TimePoint{}) host_state.mark = attempt.claim.started;
  });
}

bool note_away(Instance& instance) {
  if (instance.journal.host_state().away) return false;
  change(instance, [&](HostState& host_state) { host_state.away = instance.host.now(); });
  return true;
}

void note_refused(Instance& instance, const DbError& error) {
  const auto what = printable(error.what());
  const auto host_state = instance.journal.host_state();
  const bool is_news = !host_state.refused || host_state.refused->cause != error.cause();
  if (is_news) {
    change(instance, [&](HostState& changed) {
      changed.refused = Refusal{error.cause(), error.what(), instance.host.now()};
    });
  }
  instance.log.at(is_news ? LogLevel::warning : LogLevel::info,
                  "The database refuses to record this: {}; it waits in the journal in {}", what,
                  instance.journal.place());
}

void note_taken(Instance& instance) {
  if (!instance.journal.host_state().refused) return;
  change(instance, [](HostState& host_state) { host_state.refused.reset(); });
  instance.log.info("The database records what it refused before");
}

bool note_unremovable(Instance& instance, const std::string& cause) {
  if (instance.journal.host_state().unremovable == cause) return false;
  change(instance, [&](HostState& host_state) { host_state.unremovable = cause; });
  return true;
}

void note_deferred(Instance& instance, const std::string& why) {
  change(instance, [&](HostState& host_state) {
    add(host_state, DelayCause::deferred, instance.host.now(), why);
  });
}

bool note_of_others(Instance& instance, int attempts) {
  if (instance.journal.host_state().of_others == attempts) return false;
  change(instance, [&](HostState& host_state) { host_state.of_others = attempts; });
  return attempts > 0;
}

void note_published(Instance& instance) {
  // Where nothing is published any more there is nothing to be set right either.
  const bool disabled = !instance.publications.empty() && !instance.policy.enabled;
  if (instance.journal.host_state().published_disabled == disabled) return;
  change(instance, [&](HostState& host_state) { host_state.published_disabled = disabled; });
}

bool note_delay(Instance& instance, DelayCause cause, const std::string& detail) {
  if (is_noted(instance.journal.host_state(), cause)) return false;
  change(instance,
         [&](HostState& host_state) { add(host_state, cause, instance.host.now(), detail); });
  return true;
}

void note_heartbeats(Instance& instance, const State& state) {
  std::vector<FutureHeartbeat> heartbeats;
  const auto host_state = instance.journal.host_state();
  for (const auto* run : {&state.last, &state.partial}) {
    const bool unclear = *run && (*run)->status == RunStatus::running && !(*run)->lock_held &&
                         (*run)->heartbeat > state.now;
    if (!unclear) continue;
    const auto* seen = find(host_state, **run);
    heartbeats.push_back(
        seen != nullptr ? *seen
                        : FutureHeartbeat{(*run)->uuid, (*run)->heartbeat, instance.host.now()});
  }
  if (heartbeats == host_state.heartbeats) return;
  change(instance, [&](HostState& kept) { kept.heartbeats = heartbeats; });
}

Duration unchanged_for(const Instance& instance, const Run& run) {
  const auto host_state = instance.journal.host_state();
  const auto* seen = find(host_state, run);
  return seen == nullptr ? Duration{0} : least_age(seen->since, instance.host.now());
}

void note_survivors(Instance& instance, const std::string& spider,
                    const std::vector<LeftProcess>& left) {
  if (left.empty()) return;
  change(instance, [&](HostState& host_state) {
    const auto& self = instance.host.self();
    std::erase_if(host_state.survivors, [&](const auto& each) { return !lives(instance, each); });
    for (const auto& process : left) {
      host_state.survivors.push_back(
          {spider, self.boot_id, self.pid_namespace, process.pid, process.start});
    }
  });
}

void hold_back_survived(Instance& instance, std::vector<SpiderJob>& jobs) {
  for (const auto& survivor : instance.journal.host_state().survivors) {
    const auto job = std::find_if(jobs.begin(), jobs.end(),
                                  [&](const auto& each) { return each.name == survivor.spider; });
    if (job == jobs.end() || !lives(instance, survivor)) continue;
    job->obstacle = "pid " + std::to_string(survivor.pid) +
                    " of its last run could not be ended and is still alive";
  }
}

std::vector<NotedDelay> noted_delays(const HostState& host_state) {
  auto noted = host_state.delays;
  if (host_state.away) noted.push_back({DelayCause::database_away, *host_state.away, ""});
  return noted;
}

std::vector<Delay> current_delays(const Instance& instance, Duration late) {
  const auto host_state = instance.journal.host_state();
  if (host_state.noted.boot_id.empty()) return {};
  return delays(late, instance.host.now(), host_state.noted, noted_delays(host_state));
}

}  // namespace spider_check
