#pragma once

#include <optional>
#include <string>

#include "schedule/decide.hpp"
#include "schedule/instance.hpp"
#include "schedule/run.hpp"
#include "schedule/run_store.hpp"

namespace spider_check {

/** A decision with the state that it was made from. */
struct TickDecision {
  State state;
  Decision decision;
};

/** What a tick decides by: the database's state, with what only the journal says. Throws DbError.
 */
[[nodiscard]] State read_state(const Instance& instance);

/** The database's newest success, or one that only the journal knows of. Throws DbError. */
[[nodiscard]] std::optional<TimePoint> newest_success(const Instance& instance,
                                                      const LatestSuccess& latest_success);

/** Decides from this state. */
[[nodiscard]] TickDecision decide_tick(const Instance& instance, const Request& request,
                                       State state);

/** The decision in one sentence. */
[[nodiscard]] std::string explain(const Instance& instance, const TickDecision& decided);

/** Says why nothing is run, and gives the exit status of that. */
[[nodiscard]] Result skip(Instance& instance, const Request& request, const TickDecision& decided);

/** Another instance is running; what is known of it. */
[[nodiscard]] TickDecision busy(Run run);

/** True when the precheck puts off a run that is due; it is said why. Nothing puts off --force. */
[[nodiscard]] bool is_put_off(Instance& instance, const Request& request, const State& state);

/** Says why spiders run now, and how late that is. */
void say_why(Instance& instance, const TickDecision& decided);

/**
 * Asks the schedule's precheck, where there is one, whether a run that is due should wait. Gives
 * the sentence that says why it does; empty: run. An objection that comes too late, because the
 * data is older than precheck_max_age or there is none, is logged as a warning.
 */
[[nodiscard]] std::optional<std::string> deferred(Instance& instance, const State& state);

}  // namespace spider_check
