#pragma once

#include <string>

#include "schedule/instance.hpp"

namespace spider_check {

/** What came of it. */
struct ReplayResult {
  bool is_done =
      true;  ///< false: the spiders of one are still being stopped: nothing may start now
  bool is_refused = false;  ///< the database refuses some, which wait
  bool is_left = false;     ///< the journal still holds some
};

/**
 * Brings into the database what the journal holds of attempts whose programs are gone, in the order
 * in which they began; what the database refuses is said, and stays. Throws DbError; what was not
 * replayed then stays for the next tick.
 */
[[nodiscard]] ReplayResult replay_pending(Instance& instance);

/**
 * The same under a slot's lock, before it is decided what runs: waits for some seconds where
 * another process is just recording such an attempt, which may be a success. False also when it is
 * at it still.
 */
[[nodiscard]] bool replay_and_await_others(Instance& instance);

/**
 * As replay_pending(), for the attempts at this run only; nothing is published. Throws DbError,
 * also when one is refused.
 */
void replay_attempts_of(Instance& instance, const std::string& run_uuid);

/** Ends an attempt in the journal whose program is gone. Throws std::system_error. */
void end_in_journal(Instance& instance, const Run& run);

}  // namespace spider_check
