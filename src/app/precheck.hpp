#pragma once

#include <optional>
#include <string>

#include "app/instance.hpp"
#include "core/run.hpp"

namespace spider_check::app {

/**
 * Asks the schedule's precheck, where there is one, whether a run that is due should wait. Gives
 * the sentence that says why it does; empty: run. An objection that comes too late, because the
 * data is older than precheck_max_age or there is none, is logged as a warning.
 */
[[nodiscard]] std::optional<std::string> deferred(Instance& instance, const State& state);

}  // namespace spider_check::app
