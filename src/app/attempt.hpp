#pragma once

#include <optional>

#include "app/result.hpp"
#include "app/schedule.hpp"
#include "app/spider_list.hpp"
#include "core/ports.hpp"

namespace spider_check::app {

/**
 * Carries out one attempt at a claimed run, from the list of spiders to its recorded end.
 *
 * selected: the spiders that --spider named, already listed; empty: all that there are.
 * Throws DbError and LostRun only before the first spider starts.
 */
[[nodiscard]] Result carry_out(Schedule& schedule, const Claim& claim, SlotLock& lock,
                               const std::optional<SpiderList>& selected);

}  // namespace spider_check::app
