#pragma once

#include <optional>
#include <string>

#include "run/spider_list.hpp"
#include "run/tick_decision.hpp"
#include "schedule/decide.hpp"
#include "schedule/instance.hpp"
#include "util/errors.hpp"

namespace spider_check {

/**
 * One tick: decides, and replays the decision out under the lock. Throws DbError when the database
 * cannot be used and nothing was run, UsageError for a spider that does not exist.
 */
[[nodiscard]] Result tick(Instance& instance, const Request& request);

/** What a tick would do, in words; changes nothing. Throws as tick() does. */
[[nodiscard]] std::string dry_run(Instance& instance, const Request& request);

/**
 * A tick that cannot use the database, which said so by `error`: decides from the journal, under
 * the file lock of this host, and leaves it to a later tick to record what came of it. Throws
 * DbError when the journal cannot be used either, so that nothing is run.
 */
[[nodiscard]] Result tick_without_database(Instance& instance, const Request& request,
                                           const std::optional<SpiderList>& selected,
                                           const DbError& error);

/** What it would decide. Throws DbError. */
[[nodiscard]] TickDecision decide_without_database(const Instance& instance, const Request& request,
                                                   const DbError& error);

/** Whether the host has woken up so lately that the database may need a moment to be there. */
[[nodiscard]] bool woke_lately(const Instance& instance, const Request& request,
                               const DbError& error);

}  // namespace spider_check
