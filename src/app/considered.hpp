#pragma once

#include <optional>
#include <string>

#include "app/result.hpp"
#include "app/schedule.hpp"
#include "core/decision.hpp"

namespace spider_check::app {

/** A decision with the state that it was made from. */
struct Considered {
  State state;
  Decision decision;
};

/** What a tick decides by: the database's state, with what only the journal says. Throws DbError.
 */
[[nodiscard]] State read_state(const Schedule& schedule);

/** The database's newest success, or one that only the journal knows of. Throws DbError. */
[[nodiscard]] std::optional<TimePoint> newest_success(const Schedule& schedule,
                                                      const Glance& glance);

/** Decides from this state. */
[[nodiscard]] Considered consider(const Schedule& schedule, const Request& request, State state);

/** The decision in one sentence. */
[[nodiscard]] std::string explain(const Schedule& schedule, const Considered& considered);

/** Says why nothing is run, and gives the exit status of that. */
[[nodiscard]] Result skip(Schedule& schedule, const Request& request, const Considered& considered);

/** Another instance is running; what is known of it. */
[[nodiscard]] Considered busy(Run run);

/** True when the precheck puts off a run that is due; it is said why. Nothing puts off --force. */
[[nodiscard]] bool is_put_off(Schedule& schedule, const Request& request, const State& state);

/** Says why spiders run now, and how late that is. */
void say_why(Schedule& schedule, const Considered& considered);

}  // namespace spider_check::app
