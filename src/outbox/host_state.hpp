#pragma once

#include <string>
#include <vector>

#include "outbox/journal.hpp"
#include "schedule/instance.hpp"
#include "schedule/spider.hpp"
#include "util/errors.hpp"

namespace spider_check {

// What this host remembers of the database, for when it is away. None of these throws: what cannot
// be remembered costs an extra run at most.

/**
 * A tick has seen the database; its newest success, which may be another host's.
 * @return False where all of that was known, as for nearly every tick.
 */
bool note_seen(Instance& instance, const LatestSuccess& latest_success);

/**
 * A run was recorded whole: to be called before the journal forgets it. succeeded: the spiders that
 * have, in all its attempts. What is known of a later run stays.
 */
void note_recorded(Instance& instance, const AttemptRecord& attempt, const JournaledEnd& ended,
                   const std::vector<std::string>& succeeded);

/** The database cannot be used. True when that is news. */
[[nodiscard]] bool note_away(Instance& instance);

/**
 * The database refuses to record something: it waits in the journal. Said loudly once for each
 * cause, however many ticks meet it.
 */
void note_refused(Instance& instance, const DbError& error);

/** Everything that waited is recorded. */
void note_taken(Instance& instance);

/** Some old runs cannot be removed, because of this. True when that is news. */
[[nodiscard]] bool note_unremovable(Instance& instance, const std::string& cause);

/** A tick gave way because the host has just woken up: the next one does not. */
void note_deferred(Instance& instance, const std::string& why);

/**
 * So many attempts of other databases wait in the journal. True when that is news.
 */
[[nodiscard]] bool note_of_others(Instance& instance, int attempts);

/** Everything was published, as the configuration is now. */
void note_published(Instance& instance);

/**
 * Something keeps runs from starting. Written once, however many ticks meet it.
 * @return Whether this tick is the first.
 */
bool note_delay(Instance& instance, DelayCause cause, const std::string& detail);

/** What a spider started and what could not be ended. */
void note_survivors(Instance& instance, const std::string& spider,
                    const std::vector<LeftProcess>& left);

/** Gives each job whose spider has a survivor that still lives its obstacle. */
void hold_back_survived(Instance& instance, std::vector<SpiderJob>& jobs);

/**
 * What keeps runs of this host from starting, counted back from now, for a schedule that has been
 * due for so long. Nothing on a host that never saw the schedule.
 */
[[nodiscard]] std::vector<Delay> current_delays(const Instance& instance, Duration late);

/**
 * A tick has seen this state: from now on it is known how long heartbeats of the future, by the
 * database's clock, have not changed.
 */
void note_heartbeats(Instance& instance, const State& state);

/** How long the heartbeat of such a run has not changed, as far as this host has seen. */
[[nodiscard]] Duration unchanged_for(const Instance& instance, const Run& run);

/** What is noted, with an outage of the database that lasts still. */
[[nodiscard]] std::vector<NotedDelay> noted_delays(const HostState& host_state);

}  // namespace spider_check
