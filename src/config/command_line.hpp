#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/decision.hpp"
#include "core/file_name.hpp"
#include "core/run.hpp"
#include "core/time.hpp"

namespace spider_check::config {

/** The tick: decide, and run spiders when it is time. */
struct TickCommand {
  Request request;
  bool dry_run = false;
};

/** Prepares or updates the database. */
struct MigrateCommand {
  Duration wait{0};  ///< how long the server may take to come up
};

/** Tells what the state is. */
struct StatusCommand {
  bool json = false;
};

/** Lists runs, and the times in which nothing ran. */
struct HistoryCommand {
  Duration since = std::chrono::hours(24 * 7);  ///< how far back
  std::optional<std::string> spider;            ///< only runs of this one
  std::optional<RunStatus> status;              ///< only runs that are so
  bool json = false;
};

/** Shows one run whole. */
struct ShowCommand {
  std::int64_t run = 0;
  bool json = false;
};

/** Writes the page. */
struct ReportCommand {
  std::optional<std::string> output;  ///< the file to write; empty: stdout
};

/** Answers as monitoring plugins do. */
struct HealthCommand {
  std::optional<Duration> max_age;
};

/** Prints what Prometheus reads. */
struct MetricsCommand {};

/** Shows or follows a spider's log: what is not said is the newest. */
struct LogsCommand {
  std::optional<std::string> spider;  ///< empty: which spiders have logs is the question
  std::optional<LogRun> run;
  std::optional<int> attempt;
  bool follow = false;
};

/** Removes what is too old or too much. */
struct PruneCommand {
  bool dry_run = false;
};

/** Tries what the configuration names. */
struct CheckCommand {};

/** Tries whether people can be told. */
struct NotifyCommand {};

/** Writes a configuration for a Scrapy project. */
struct InitCommand {
  std::string directory = ".";        ///< where to look for the project, there and below
  std::optional<std::string> output;  ///< the file to write; empty: beside the project
  bool to_stdout = false;
};

/** Prints the line for a crontab. */
struct CronCommand {};

/** --help or --version: the text is all there is to do. */
struct PrintCommand {
  std::string text;
};

using Command =
    std::variant<TickCommand, MigrateCommand, StatusCommand, HistoryCommand, ShowCommand,
                 ReportCommand, HealthCommand, MetricsCommand, LogsCommand, PruneCommand,
                 CheckCommand, NotifyCommand, InitCommand, CronCommand, PrintCommand>;

enum class Verbosity { quiet, normal, verbose };

/** What the command line asks for. */
struct CommandLine {
  Command command;
  std::optional<std::string> config_file;
  Verbosity verbosity = Verbosity::normal;
};

/** Throws UsageError: one line that names the flag and what would be right. */
[[nodiscard]] CommandLine parse_command_line(int argc, const char* const* argv);

/** Whether the command is `health`, also where parse_command_line() refuses the line. */
[[nodiscard]] bool asks_for_health(int argc, const char* const* argv);

}  // namespace spider_check::config
