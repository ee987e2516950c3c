#pragma once

#include <string>

#include "app/schedule.hpp"

namespace spider_check::app {

/** What came of it. */
struct Carried {
  bool is_done =
      true;  ///< false: the spiders of one are still being stopped: nothing may start now
  bool is_refused = false;  ///< the database refuses some, which wait
  bool is_left = false;     ///< the journal still holds some
};

/**
 * Brings into the database what the journal holds of attempts whose programs are gone, in the order
 * in which they began; what the database refuses is said, and stays. Throws DbError; what was not
 * carried then stays for the next tick.
 */
[[nodiscard]] Carried carry_pending(Schedule& schedule);

/**
 * The same under a slot's lock, before it is decided what runs: waits for some seconds where
 * another process is just recording such an attempt, which may be a success. False also when it is
 * at it still.
 */
[[nodiscard]] bool carry_and_await_others(Schedule& schedule);

/**
 * As carry_pending(), for the attempts at this run only; nothing is published. Throws DbError, also
 * when one is refused.
 */
void carry_attempts_of(Schedule& schedule, const std::string& run_uuid);

/** Ends an attempt in the journal whose program is gone. Throws std::system_error. */
void end_in_journal(Schedule& schedule, const Run& run);

}  // namespace spider_check::app
