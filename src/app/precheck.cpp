#include "app/precheck.hpp"

#include "app/memory.hpp"
#include "core/duration.hpp"
#include "core/precheck.hpp"

namespace spider_check::app {

std::optional<std::string> deferred(Schedule& schedule, const State& state) {
  if (schedule.precheck == nullptr) return std::nullopt;
  const auto objection = schedule.precheck->objection();
  if (!objection) return std::nullopt;
  if (may_wait(state.newest_success, state.now, schedule.precheck_max_age)) {
    note_hindrance(schedule, GapCause::deferred, *objection);
    return "Deferred: " + *objection + "; the next tick tries again";
  }
  const auto why = state.newest_success ? "the data is older than precheck_max_age (" +
                                              to_text(schedule.precheck_max_age) + ")"
                                        : std::string("nothing has succeeded yet");
  schedule.log.warn("The {}, but {}; running anyway", *objection, why);
  return std::nullopt;
}

}  // namespace spider_check::app
