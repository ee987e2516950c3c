#pragma once

#include <string>

#include "db/session.hpp"
#include "schedule/run_store.hpp"

namespace spider_check {

/**
 * RunStore::prune() of this schedule, in one statement by index unless runs cannot be removed.
 * Throws DbError.
 */
Pruned prune_runs(Session& session, const std::string& schedule, PruneStep& step);

}  // namespace spider_check
