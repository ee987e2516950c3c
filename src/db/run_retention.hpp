#pragma once

#include <string>

#include "db/session.hpp"
#include "schedule/run_store.hpp"

namespace spider_check {

/**
 * RunStore::prune() of this schedule. One statement, by index at every point, whose length does not
 * depend on how much there is; more only where some runs cannot be removed. Throws DbError.
 */
Pruned prune_runs(Session& session, const std::string& schedule, PruneStep& step);

}  // namespace spider_check
