#pragma once

#include <optional>

#include "app/claim.hpp"
#include "app/instance.hpp"
#include "app/result.hpp"
#include "app/spider_list.hpp"
#include "core/ports.hpp"

namespace spider_check::app {

/**
 * Carries out one attempt at a claimed run, from the list of spiders to its recorded end. A
 * database that goes away, or is not there at all, stops nothing.
 *
 * lock: the slot's lock in the database; not held where the claim is not in the database yet.
 * selected: the spiders that --spider named, already listed; empty: all that there are.
 */
[[nodiscard]] Result carry_out(Instance& instance, ClaimedAttempt claimed, SlotLock& lock,
                               const std::optional<SpiderList>& selected);

}  // namespace spider_check::app
