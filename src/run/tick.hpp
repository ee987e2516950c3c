#pragma once

#include <string>

#include "schedule/decide.hpp"
#include "schedule/instance.hpp"

namespace spider_check {

/**
 * One tick: decides, and carries the decision out under the lock. Where the database cannot be used
 * it decides from the journal, under the file lock of this host. Throws DbError when the database
 * cannot be used and nothing was run, UsageError for a spider that does not exist.
 */
[[nodiscard]] Result tick(Instance& instance, const Request& request);

/** What a tick would do, in words; changes nothing. Throws as tick() does. */
[[nodiscard]] std::string dry_run(Instance& instance, const Request& request);

}  // namespace spider_check
