#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/time.hpp"

namespace spider_check {

/** Why nothing ran although it was due. */
enum class DelayCause : std::uint8_t {
  unknown,
  off,            ///< the host was off
  suspended,      ///< the host slept
  disabled,       ///< enabled = false
  database_away,  ///< and nothing was run without it
  deferred,       ///< the precheck, or a database that was awaited after boot or resume
  failing,        ///< it was tried, and failed
  stopped,        ///< the run was stopped
};

/** "unknown", "off", "suspended", "disabled", "database away", "deferred", "failing", "stopped" */
[[nodiscard]] std::string_view to_text(DelayCause cause);

/** Empty for a word that is none of them. */
[[nodiscard]] std::optional<DelayCause> parse_delay_cause(std::string_view text);

/** What kept a run from succeeding that failed with these words. */
[[nodiscard]] DelayCause cause_of(std::string_view failure);

/** What kept a run from starting when it was due, as its host noticed it. */
struct Delay {
  DelayCause cause = DelayCause::unknown;
  Duration from{0};    ///< how long before the run's start it began
  Duration to{0};      ///< how long before the run's start it ended
  std::string detail;  ///< in words; may be empty

  friend bool operator==(const Delay&, const Delay&) = default;
};

/** Something that keeps runs from starting and that a host noted when it first met it. */
struct NotedDelay {
  DelayCause cause = DelayCause::unknown;
  HostTime since;
  std::string detail;

  friend bool operator==(const NotedDelay&, const NotedDelay&) = default;
};

/**
 * What kept a run from starting, which starts now, `late`: of what was noted, and of what the
 * host's clocks tell, the part that lies after the run was due. What would have kept it by itself
 * comes first: a schedule that was disabled before the host was off. Empty for a run that is in
 * time.
 *
 * last_seen: when this host last saw the schedule's success recorded; empty boot id: never.
 */
[[nodiscard]] std::vector<Delay> delays(Duration late, const HostTime& now,
                                        const HostTime& last_seen,
                                        const std::vector<NotedDelay>& noted);

/** Ticks come every few minutes: what is no longer than this is no reason to be late. */
inline constexpr Duration min_delay = std::chrono::minutes(1);

}  // namespace spider_check
