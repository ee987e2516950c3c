#pragma once

#include "app/result.hpp"
#include "app/schedule.hpp"
#include "core/decision.hpp"

namespace spider_check::app {

/**
 * One tick: decides, and carries the decision out under the lock. Throws DbError when the database
 * cannot be used and nothing was run, UsageError for a spider that does not exist.
 */
[[nodiscard]] Result tick(Schedule& schedule, const Request& request);

/** What a tick would do, in words; changes nothing. Throws as tick() does. */
[[nodiscard]] std::string dry_run(Schedule& schedule, const Request& request);

}  // namespace spider_check::app
