#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/host.hpp"
#include "util/option.hpp"
#include "util/time.hpp"

namespace spider_check {

/** scheduler_state.id */
using RunId = std::int64_t;

/** scheduler_state.status */
enum class RunStatus { running, completed, failed };

/** "running", "completed", "failed": the words of the column. */
[[nodiscard]] std::string_view to_text(RunStatus status);

/** Empty for a word that is none of the three. */
[[nodiscard]] std::optional<RunStatus> parse_run_status(std::string_view text);

// How the failure of a run reads that is no failure of its spiders. Rows of the database hold it.
inline constexpr std::string_view start_of_stop = "interrupted by ";
inline constexpr std::string_view start_of_interruption = "interrupted: ";
inline constexpr std::string_view end_of_power_cut = " was switched off, or lost its power";

/** What started a run: a tick that found it due, or a person. */
enum class Trigger { tick, force };

/** "tick", "force": the words of scheduler_state.trigger. */
[[nodiscard]] std::string_view to_text(Trigger trigger);

/** One row of scheduler_state, as the decision needs it. */
struct Run {
  RunId id = 0;      ///< 0: not in the database yet
  std::string uuid;  ///< run_uuid: the same on every server
  RunStatus status = RunStatus::completed;
  TimePoint started{};    ///< last_run_at: the start of the first attempt
  TimePoint heartbeat{};  ///< updated_at
  std::optional<TimePoint> finished;
  std::optional<TimePoint> next_attempt;  ///< empty also where none is expected
  int attempt = 1;                        ///< how many attempts have been started
  int spider_count = 0;
  bool partial = false;  ///< only the spiders that --spider named
  std::string failure;   ///< why it failed, in words
  Owner owner;
  std::string token;            ///< owner_token: changes with each attempt; empty: it has no owner
  Duration spiders_outlive{0};  ///< how long after its heartbeat its spiders may live without it
  int slot = 0;
  bool lock_held = false;   ///< another session holds the lock of its slot
  bool in_journal = false;  ///< so this host's journal says, and the database does not yet
  bool power_cut = false;   ///< its owner is gone since its machine was booted again
};

/** The failure of a run whose owner is gone: "interrupted: HOST, pid 7 is gone". */
[[nodiscard]] std::string why_interrupted(const Run& run);

/** The status for people: a failure that is not the spiders' is "stopped" or "interrupted". */
[[nodiscard]] std::string_view word_of(const Run& run);

/** Everything that PostgreSQL knows and the decision needs, read with the database's own clock. */
struct State {
  TimePoint now{};
  std::optional<TimePoint> newest_success;  ///< the start of the newest whole run that completed
  std::optional<Run> last;                  ///< the newest whole run
  std::optional<Run> partial;               ///< a run of --spider that is marked running
  int free_slots = 1;                       ///< slots that no other session holds
  int future_runs = 0;                    ///< rows that start in the future; they count for nothing
  std::optional<TimePoint> server_since;  ///< when the server was started
};

/** How late a run starts, counted from the moment it was due. */
struct Lateness {
  Duration late{0};
  int missed_intervals = 0;  ///< whole intervals in which a run should have started and none did

  friend bool operator==(const Lateness&, const Lateness&) = default;
};

/**
 * Every exit status of the program, in one place. Beside these, a program that was ended by signal
 * N ends by that signal, which a shell shows as 128+N. Only `health` has a table of its own,
 * because monitoring gives one: HealthLevel.
 */
enum class ExitCode {
  success = 0,            ///< nothing was due, or every spider succeeded
  spider_failed = 1,      ///< at least one spider failed, or the project could not be listed
  usage = 2,              ///< wrong flags or a wrong configuration; nothing was run
  database_unusable = 3,  ///< the database cannot be used, and nothing was run
  already_running = 4,    ///< --force, but another instance is running
  internal = 70,          ///< a fault of the program itself (EX_SOFTWARE of sysexits.h)
};

/** How a fault of a run begins that says why an attempt before its last ended. */
[[nodiscard]] std::string of_attempt(int attempt);

}  // namespace spider_check
