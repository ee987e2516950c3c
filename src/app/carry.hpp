#pragma once

#include <string>

#include "app/schedule.hpp"

namespace spider_check::app {

/**
 * Brings into the database what the journal holds of attempts whose programs are gone, in the order
 * in which they began. Throws DbError; what was not carried then stays for the next tick. False
 * when the spiders of one are still being stopped: nothing may start beside them.
 */
[[nodiscard]] bool carry_pending(Schedule& schedule);

/**
 * The same under a slot's lock, before it is decided what runs: waits for some seconds where
 * another process is just recording such an attempt, which may be a success. False also when it is
 * at it still.
 */
[[nodiscard]] bool carry_and_await_others(Schedule& schedule);

/** As carry_pending(), for the attempts at this run only; nothing is published. Throws DbError. */
void carry_attempts_of(Schedule& schedule, const std::string& run_uuid);

}  // namespace spider_check::app
