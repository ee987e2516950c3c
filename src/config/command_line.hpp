#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "logs/log_name.hpp"
#include "schedule/decide.hpp"
#include "schedule/run.hpp"
#include "util/time.hpp"

namespace spider_check {

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

/** A command line's words, sorted by what they belong to and not judged yet; empty: not said. */
struct Flags {
  using Text = std::optional<std::string>;

  std::string command;  ///< its name; empty: a tick
  Text config_file;
  bool quiet = false;
  bool verbose = false;
  bool force = false;
  bool dry_run = false;
  std::vector<std::string> spiders;  ///< of a tick
  bool json = false;
  Text wait;
  Text since;
  Text of_spider;
  Text status;
  Text max_age;
  Text spider;
  Text run;
  Text attempt;
  bool follow = false;
  Text directory;
  Text output;
  bool to_stdout = false;
  bool cron = false;
  bool test = false;
};

/** What they ask for. Throws UsageError: one line that names the flag and what would be right. */
[[nodiscard]] CommandLine to_command_line(const Flags& flags);

}  // namespace spider_check
