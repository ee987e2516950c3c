#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/file_name.hpp"
#include "core/host_time.hpp"
#include "core/owner.hpp"
#include "core/run_store.hpp"

namespace spider_check {

/** A spider that was about to start. */
struct JournaledStart {
  std::string spider;
  std::filesystem::path log;
  HostTime at;
};

/** What became of it. */
struct JournaledOutcome {
  SpiderOutcome outcome;
  HostTime ended;
};

/** How the attempt ended. */
struct JournaledEnd {
  RunEnd end;
  HostTime at;
};

/**
 * An attempt at a run with all that is needed to record it where the database has not got it: what
 * the journal keeps.
 */
struct AttemptRecord {
  Claim claim;  ///< its id is 0 where the database gave none yet
  NewRun run;
  DatabaseIdentity database;  ///< in which it belongs; not known where none was ever asked
  Owner owner;
  int slot = 0;
  LogName log;  ///< how its logs are named
  int spider_count = 0;
  Duration spiders_outlive{0};  ///< as in Run
  HostTime run_started;         ///< of the run's first attempt
  HostTime began;               ///< of this one
  std::vector<JournaledStart> starts;
  std::vector<JournaledOutcome> outcomes;
  std::optional<JournaledEnd> end;  ///< empty: it goes on, or its program ended first
};

/**
 * One outcome for each spider that was started: those that were journaled, and for each spider
 * whose program ended first, a failure that says so. Exactly one for each, however often it stands
 * in the journal.
 */
[[nodiscard]] std::vector<JournaledOutcome> outcomes_of(const AttemptRecord& attempt);

/** The end that it had, or that of a run that was interrupted and may be retried at once. */
[[nodiscard]] JournaledEnd end_of(const AttemptRecord& attempt);

/** The spiders that succeeded in it. */
[[nodiscard]] std::vector<std::string> succeeded_in(const AttemptRecord& attempt);

}  // namespace spider_check
