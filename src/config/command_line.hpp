#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "logs/log_name.hpp"
#include "schedule/decide.hpp"
#include "schedule/run.hpp"
#include "util/time.hpp"

namespace spider_check {

// What each command line asks for; empty: not said.

/** The tick: decide, and run spiders when it is time. */
struct TickCommand {
  Request request;
  bool dry_run = false;
};

struct MigrateCommand {
  Duration wait{0};  ///< how long the server may take to come up
};

struct StatusCommand {
  bool json = false;
};

struct HistoryCommand {
  Duration since = std::chrono::hours(24 * 7);  ///< how far back
  std::optional<std::string> spider;            ///< only runs of this one
  std::optional<RunStatus> status;              ///< only runs with this one
  bool json = false;
};

struct ShowCommand {
  std::int64_t run = 0;
  bool json = false;
};

struct ReportCommand {
  std::optional<std::string> output;  ///< the file to write; empty: stdout
};

struct HealthCommand {
  std::optional<Duration> max_age;
};

struct MetricsCommand {};

/** Shows or follows a spider's log: the newest, where a part is not said. */
struct LogsCommand {
  std::optional<std::string> spider;  ///< empty: list the spiders that have logs
  std::optional<LogRun> run;
  std::optional<int> attempt;
  bool follow = false;
};

struct PruneCommand {
  bool dry_run = false;
};

struct CheckCommand {};

struct NotifyCommand {};

struct InitCommand {
  std::string directory = ".";        ///< where to look for the project, there and below
  std::optional<std::string> output;  ///< the file to write; empty: in the project
  bool to_stdout = false;
};

struct CronCommand {};

/** --help or --version. */
struct PrintCommand {
  std::string text;
};

using Command =
    std::variant<TickCommand, MigrateCommand, StatusCommand, HistoryCommand, ShowCommand,
                 ReportCommand, HealthCommand, MetricsCommand, LogsCommand, PruneCommand,
                 CheckCommand, NotifyCommand, InitCommand, CronCommand, PrintCommand>;

enum class Verbosity { quiet, normal, verbose };

struct CommandLine {
  Command command;
  std::optional<std::string> config_file;
  Verbosity verbosity = Verbosity::normal;
};

/** Throws UsageError: one line that names the flag and what would be right. */
[[nodiscard]] CommandLine parse_command_line(int argc, const char* const* argv);

/** Whether the command is `health`, also where parse_command_line() refuses the line. */
[[nodiscard]] bool asks_for_health(int argc, const char* const* argv);

}  // namespace spider_check
