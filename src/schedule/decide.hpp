#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "schedule/owner.hpp"
#include "schedule/run.hpp"
#include "util/options.hpp"
#include "util/time.hpp"

namespace spider_check {

/** What the person or the timer asks for. */
struct Request {
  bool force = false;
  std::vector<std::string> spiders;  ///< --spider; empty: all
};

/** Nothing was due within this run's interval. */
struct RecentRun {
  TimePoint last_success;
  TimePoint due;
};

/** The configuration says enabled = false. */
struct Disabled {};

/** Another process runs it at this moment. */
struct AlreadyRunning {
  Run run;
};

/** Its lock is free, and its owner may still be there. */
struct OwnerMayReturn {
  Run run;
  bool alive = false;              ///< its process is there
  std::optional<TimePoint> until;  ///< when it is taken for gone if nothing is heard of it
};

/** The last run failed; the next try, or the next run, is not due yet. */
struct WaitsForRetry {
  Run run;
  TimePoint until;
  bool attempts_left = true;
};

/** A new run of all spiders (or of those that --spider names). */
struct StartRun {
  bool first = false;                ///< no run is recorded at all
  std::optional<Lateness> lateness;  ///< empty for a first and for a forced run
};

/** Another attempt at a run: only the spiders that have not succeeded in it. */
struct RetryRun {
  Run run;
};

using Action = std::variant<Disabled, RecentRun, AlreadyRunning, OwnerMayReturn, WaitsForRetry,
                            StartRun, RetryRun>;

struct Decision {
  Action action;
  /** Runs whose owners are gone: they are marked failed (interrupted) before the action is taken.
   */
  std::vector<Run> interrupted;
};

/** What became of the owners in a state; looked at only for a run that is `running` unlocked. */
struct OwnerStatuses {
  OwnerStatus last = OwnerStatus::unknown;
  OwnerStatus partial = OwnerStatus::unknown;
  std::optional<TimePoint> last_until{};     ///< when an unknown one is taken for gone
  std::optional<TimePoint> partial_until{};  ///< the same of the partial run's
  bool last_power_cut = false;               ///< its machine was booted again since
  bool partial_power_cut = false;
};

/**
 * The whole decision: whether spiders run now, and which. Pure: every fact is an argument. `now`
 * and every instant are the database's own, so that no host's clock matters.
 */
[[nodiscard]] Decision decide(const State& state, const Policy& policy, const Request& request,
                              const OwnerStatuses& statuses);

/**
 * The part of decide() that needs nothing but the newest success, because this is what nearly every
 * tick ends with: disabled or a recent run; otherwise empty, and decide() is needed.
 */
[[nodiscard]] std::optional<Decision> decide_quick(TimePoint now,
                                                   const std::optional<TimePoint>& newest_success,
                                                   const Policy& policy, const Request& request);

/** Whether the decision starts spiders. */
[[nodiscard]] bool runs_spiders(const Decision& decision);

/**
 * Whether to expect another attempt at a run that failed: where a tick can come to it before the
 * next run is due. One that comes in between all the same does not have to be expected.
 */
[[nodiscard]] bool has_attempts_left(const Run& failed, const Policy& policy);

/** The same of a run that is so old when it fails; how long to wait then. Empty: it is not. */
[[nodiscard]] std::optional<Duration> retry_after(int attempts, Duration age, const Policy& policy);

/** How long to wait after this many attempts: retry_after, doubling, at most the interval. */
[[nodiscard]] Duration backoff(const Policy& policy, int attempts);

/**
 * Whether an objection may put off a run that is due: data that is there and not older than
 * max_age can wait.
 */
[[nodiscard]] bool may_wait(const std::optional<TimePoint>& newest_success, TimePoint now,
                            Duration max_age) noexcept;

}  // namespace spider_check
