#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schedule/decide.hpp"
#include "schedule/run.hpp"
#include "util/text_width.hpp"
#include "util/zone.hpp"

namespace spider_check {

class Host;
class Journal;
class LogDirectory;
class RunStore;
class SpiderRunner;
class SpiderSource;
struct RowCheck;
struct RowCount;
struct SpiderJob;
enum class HealthLevel;

class Log;
class RunView;
struct Instance;

/** What is written anew after each run, for others to read. */
struct Publication {
  std::string what;            ///< "the page", for messages
  std::filesystem::path file;  ///< where
  /**
   * Puts the text in place of what is there: a reader sees the old one or the new one whole. Throws
   * std::system_error that names the file; then the old one stays.
   */
  std::function<void(const std::filesystem::path& file, std::string_view text)> replace;
  std::function<std::string(const Instance&)> text;  ///< made from the database; may throw DbError
};

/**
 * A schedule, and the parts of the world that a command works with: built once, by Parts; what it
 * refers to outlives it.
 */
struct Instance {
  std::string name;
  Policy policy;
  Duration takeover_after{0};
  RunStore& store;
  Journal& journal;
  LogDirectory& logs;
  const Host& host;
  SpiderRunner& runner;
  std::filesystem::path (*probe)();  ///< finds the probe of crawls; its path is empty without one
  Log& log;
  Zone zone;
  std::vector<SpiderSource*> sources;  ///< not owned, none is null
  /** How a run of these jobs is shown. */
  std::function<std::unique_ptr<RunView>(const std::vector<SpiderJob>&)> make_view;
  std::function<void(SpiderJob&)> rules{};  ///< gives a job what is configured for it
  Duration keep{0};                         ///< how long runs and logs are kept; 0: runs for ever
  std::int64_t log_size = 0;                ///< of all logs together, in bytes
  OnDatabaseError on_database_error = OnDatabaseError::run;
  Duration wake_wait{0};  ///< how long a tick right after boot or resume waits for the database
  /** Why a run is to be put off, in one printable line; may take half a minute, does not throw. */
  std::function<std::optional<std::string>()> precheck{};  ///< empty: there is none
  Duration precheck_max_age{0};                            ///< older data does not wait for it
  std::vector<Publication> publications{};
  std::vector<std::string> warnings{};  ///< about the configuration, for each run to say
  /** Checks in at the start of a whole run, by its uuid, without waiting. Empty: no channel. */
  std::function<void(const std::string& run_uuid)> check_in{};
  /**
   * Tells people what has changed, and does not throw. It waits for receivers, at most some twenty
   * seconds, so the run must be recorded and each lock free. Empty: no channel.
   */
  std::function<void()> tell{};
  /** Gives up and forgets messages that are too old. Throws DbError. */
  std::function<void()> tidy_messages = [] {};
  RowCount (*count_rows)(const RowCheck&) = nullptr;  ///< asks a check_sql, within seconds
  std::string how_to_name{};  ///< what gives this schedule another name, as an advice
  /** What commands print to; a tick that skips does not ask. */
  std::function<Output()> output = [] { return Output{}; };
  /** The names of its spiders, where they are known without listing a project. */
  std::vector<std::string> spiders{};
};

/** How a command ended: an exit status, or the signal that ended the program. */
struct Result {
  ExitCode code = ExitCode::success;
  int signal = 0;
  std::optional<HealthLevel> health{};  ///< the answer of `health`, which takes the code's place
};

}  // namespace spider_check
