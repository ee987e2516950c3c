#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "os/signals.hpp"
#include "outbox/outbox.hpp"
#include "schedule/decide.hpp"
#include "schedule/instance.hpp"
#include "schedule/spider.hpp"
#include "util/errors.hpp"

namespace spider_check {

/** An attempt that this process has the right to carry out. */
struct ClaimedAttempt {
  std::unique_ptr<StopSignals> stops;  ///< blocked until the spiders have run; then null
  Outbox outbox;
  bool in_database = false;              ///< the database knows of it and holds its lock
  bool lost_midway = false;              ///< the connection was lost while it was claimed
  bool refused = false;                  ///< the database holds its lock, and does not record it
  std::vector<std::string> succeeded{};  ///< in earlier attempts, as far as this host knows
  std::string earlier{};  ///< why the attempt before ended, where that was no failure of a spider
};

/**
 * What the decision asks for, before anything is written. From now on nothing but a kill ends this
 * program before the attempt is recorded. Throws std::system_error.
 */
[[nodiscard]] ClaimedAttempt prepare(const Instance& instance, const Decision& decision,
                                     const State& state, const Request& request, int slot);

/**
 * Records the claim in the journal and in the database. Where the database gives way meanwhile, or
 * refuses it, the attempt goes on without it, if it may. refusal: what it said to what must be
 * recorded first. Throws DbError, LostRun.
 */
void record(Instance& instance, ClaimedAttempt& claimed, const std::optional<DbError>& refusal);

/** Records the claim in the journal only. Throws std::system_error. */
void record_without_database(Instance& instance, ClaimedAttempt& claimed);

/** Whether a tick that meets this error may go by the journal. */
[[nodiscard]] bool can_run_offline(const Instance& instance, const DbError& error);

}  // namespace spider_check
