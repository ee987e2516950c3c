#include "app/precheck.hpp"

#include "app/host_state.hpp"
#include "core/duration.hpp"
#include "core/precheck.hpp"

namespace spider_check::app {

std::optional<std::string> deferred(Instance& instance, const State& state) {
  if (instance.precheck == nullptr) return std::nullopt;
  const auto objection = instance.precheck->objection();
  if (!objection) return std::nullopt;
  if (may_wait(state.newest_success, state.now, instance.precheck_max_age)) {
    note_delay(instance, DelayCause::deferred, *objection);
    return "Deferred: " + *objection + "; the next tick tries again";
  }
  const auto why = state.newest_success ? "the data is older than precheck_max_age (" +
                                              to_text(instance.precheck_max_age) + ")"
                                        : std::string("nothing has succeeded yet");
  instance.log.warn("The {}, but {}; running anyway", *objection, why);
  return std::nullopt;
}

}  // namespace spider_check::app
