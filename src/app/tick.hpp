#pragma once

#include "app/instance.hpp"
#include "app/result.hpp"
#include "core/decision.hpp"

namespace spider_check::app {

/**
 * One tick: decides, and replays the decision out under the lock. Throws DbError when the database
 * cannot be used and nothing was run, UsageError for a spider that does not exist.
 */
[[nodiscard]] Result tick(Instance& instance, const Request& request);

/** What a tick would do, in words; changes nothing. Throws as tick() does. */
[[nodiscard]] std::string dry_run(Instance& instance, const Request& request);

}  // namespace spider_check::app
