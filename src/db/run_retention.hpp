#pragma once

#include <string>

#include <soci/soci.h>

#include "core/run_store.hpp"

namespace spider_check::db {

/**
 * RunStore::prune() of this schedule. One statement, by index at every point, whose length does not
 * depend on how much there is. Throws soci_error.
 */
Pruned prune_runs(soci::session& sql, const std::string& schedule, PruneStep& step);

}  // namespace spider_check::db
