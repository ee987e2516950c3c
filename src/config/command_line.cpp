#include "config/command_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "config/version.hpp"
#include "core/duration.hpp"
#include "core/errors.hpp"

namespace spider_check::config {

namespace {

// Lines of at most 80 columns: what a terminal has at least.
constexpr const char* description =
    "Runs your spiders when their data is older than the interval, and exits at once\n"
    "when it is not. Start it every few minutes, from cron or a systemd timer.";

constexpr const char* footer =
    "Without a command it is one tick: it asks PostgreSQL when the spiders last\n"
    "succeeded, and either exits or runs them.\n"
    "\n"
    "Exit status: 0 nothing was due, or all succeeded; 1 a spider failed; 2 wrong\n"
    "flags or configuration; 3 without the database nothing was run; 4 --force found\n"
    "another instance running; 128+N ended by signal N.";

constexpr const char* health_footer =
    "Prints one line with performance data.\n"
    "Exit status: 0 OK; 1 WARNING; 2 CRITICAL: the data is too old, or a run failed\n"
    "for good; 3 UNKNOWN: also wrong flags or configuration, or no database.\n"
    "The options -c, -q and -v of spider-check are taken here, too.";

/** The values that CLI11 fills in. */
struct Flags {
  std::string config_file;
  bool quiet = false;
  bool verbose = false;
  bool force = false;
  bool dry_run = false;
  bool version = false;
  bool json = false;
  std::vector<std::string> spiders;
  std::string wait;
  std::string since;
  std::string of_spider;
  std::string status;
  std::string max_age;
  std::string spider;
  std::string run;
  std::string attempt;
  bool follow = false;
  std::string directory;
  std::string output;
  bool to_stdout = false;
  bool cron = false;
  bool test = false;
};

/** A number from 1 on. Throws UsageError. */
template <typename Number>
Number parse_number(const std::string& text, const std::string& flag) {
  Number number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc{} && rest == end && number > 0) return number;
  throw UsageError(flag + ": \"" + text + "\" is no number from 1 on; write it like 17");
}

constexpr std::array<std::string_view, 12> command_names{"migrate", "status", "history", "show",
                                                         "report",  "health", "metrics", "logs",
                                                         "prune",   "check",  "notify",  "init"};

/** Whether any word is, or asks for, a command; a word that only looks like one does no harm. */
bool may_name_command(int argc, const char* const* argv) {
  return std::any_of(argv + 1, argv + argc, [](const std::string_view word) {
    const bool short_flags = word.rfind('-', 0) == 0 && word.rfind("--", 0) != 0;
    return (short_flags && word.find('h') != word.npos) || word.rfind("--h", 0) == 0 ||
           std::find(command_names.begin(), command_names.end(), word) != command_names.end();
  });
}

class Parser {
 public:
  /**
   * with_commands: whether it knows the commands, too. Nearly every tick has none, and to set them
   * up costs a hundredth of it.
   */
  explicit Parser(bool with_commands) {
    app_.set_help_flag("-h,--help", "Show this help");
    app_.add_flag("--version", flags_.version, "Show the version");
    app_.add_option("-c,--config", flags_.config_file, "The configuration file")->type_name("FILE");
    app_.add_flag("-q,--quiet", flags_.quiet, "Say nothing but warnings and errors");
    app_.add_flag("-v,--verbose", flags_.verbose, "Say more");
    app_.add_flag("--force", flags_.force, "Run all spiders now, whatever the interval says");
    app_.add_option("--spider", flags_.spiders, "Run only these now; never moves the schedule")
        ->type_name("NAME")
        ->expected(1, CLI::detail::expected_max_vector_size);
    app_.add_flag("--dry-run", flags_.dry_run, "Say what would be done, and why; change nothing");
    app_.footer(footer);
    app_.require_subcommand(0, 1);
    if (with_commands) add_commands();
  }

  CommandLine parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      return {PrintCommand{app_.help()}, {}, {}};
    } catch (const CLI::ParseError& error) {
      throw UsageError(reason(error) + "; see: spider-check --help");
    }
    if (flags_.version)
      return {PrintCommand{"spider-check " + std::string(version) + "\n"}, {}, {}};
    if (app_.count("--config") > 0 && flags_.config_file.empty()) {
      throw UsageError("--config: names no file; name one, or leave the flag out");
    }
    if (flags_.quiet && flags_.verbose)
      throw UsageError("-q and -v exclude each other; give one of them");
    CommandLine line{command(), {}, verbosity()};
    if (!flags_.config_file.empty()) line.config_file = flags_.config_file;
    return line;
  }

 private:
  void add_commands() {
    migrate_ = app_.add_subcommand("migrate", "Prepare the database, or bring it up to date");
    prepare(*migrate_);
    migrate_->add_option("--wait", flags_.wait, "How long to wait for the server, like 30s")
        ->type_name("DURATION");

    status_ = app_.add_subcommand("status", "Show the last run, who runs now, what is due next");
    prepare(*status_);
    status_->add_flag("--json", flags_.json, "Print JSON");

    history_ = app_.add_subcommand("history", "List runs, and when and why nothing ran");
    prepare(*history_);
    history_->add_option("--since", flags_.since, "How far back, like 7d, which is the default")
        ->type_name("DURATION");
    history_->add_option("--spider", flags_.of_spider, "Only runs of this spider")
        ->type_name("NAME");
    history_
        ->add_option("--status", flags_.status, "Only runs that are running, completed or failed")
        ->type_name("STATUS");
    history_->add_flag("--json", flags_.json, "Print JSON");

    show_ = app_.add_subcommand("show", "Show one run whole, attempt by attempt");
    prepare(*show_);
    show_->add_option("RUN", flags_.run, "The number of the run")->required()->type_name("");
    show_->add_flag("--json", flags_.json, "Print JSON");

    report_ = app_.add_subcommand("report", "Write a page for a browser: what ran, and what not");
    prepare(*report_);
    report_->add_option("-o,--output", flags_.output, "The file to write; default: print it")
        ->type_name("FILE");

    health_ = app_.add_subcommand("health", "Answer as monitoring plugins do");
    prepare(*health_);
    health_->add_option("--max-age", flags_.max_age, "Older data is critical, like 6h")
        ->type_name("DURATION");
    health_->footer(health_footer);

    metrics_ = app_.add_subcommand("metrics", "Print the status as Prometheus reads it");
    prepare(*metrics_);

    logs_ = app_.add_subcommand("logs", "Show or follow the log of a spider");
    prepare(*logs_);
    logs_->add_option("SPIDER", flags_.spider, "Its name; default: say which spiders have logs")
        ->type_name("");
    logs_->add_option("--run", flags_.run, "Of this run, not the newest")->type_name("ID");
    logs_->add_option("--attempt", flags_.attempt, "Of this attempt, not the last")->type_name("N");
    logs_->add_flag("-f,--follow", flags_.follow,
                    "Go on with what is added, and with the next logs");

    prune_ = app_.add_subcommand("prune", "Remove old runs and logs, as each run does");
    prepare(*prune_);
    prune_->add_flag("--dry-run", flags_.dry_run, "Say what would go; change nothing");

    check_ = app_.add_subcommand("check", "Try everything that the configuration names");
    prepare(*check_);

    notify_ = app_.add_subcommand("notify", "Try whether people can be told");
    prepare(*notify_);
    notify_->add_flag("--test", flags_.test, "Send a test by each channel");

    init_ = app_.add_subcommand("init", "Write a configuration for a Scrapy project");
    prepare(*init_);
    init_->add_option("DIRECTORY", flags_.directory, "Where to look; default: here, and below")
        ->type_name("");
    init_->add_option("-o,--output", flags_.output, "The file to write; never one that exists")
        ->type_name("FILE");
    init_->add_flag("--stdout", flags_.to_stdout, "Print it, and write no file");
    init_->add_flag("--cron", flags_.cron, "Print the line for a crontab, and do nothing else");
  }

  [[nodiscard]] static bool is(const CLI::App* command) { return command != nullptr && *command; }

  /** A command takes the program's own options behind it, too. */
  static void prepare(CLI::App& command) {
    command.set_help_flag("-h,--help", "Show this help");
    command.fallthrough();
    command.footer("The options -c, -q and -v of spider-check are taken here, too.");
  }

  [[nodiscard]] Verbosity verbosity() const {
    if (flags_.quiet) return Verbosity::quiet;
    return flags_.verbose ? Verbosity::verbose : Verbosity::normal;
  }

  [[nodiscard]] Command command() const {
    if (!name_of_command().empty()) refuse_tick_flags();
    if (is(migrate_)) return MigrateCommand{wait()};
    if (is(status_)) return StatusCommand{flags_.json};
    if (is(history_)) return history();
    if (is(show_)) return ShowCommand{parse_number<std::int64_t>(flags_.run, "show"), flags_.json};
    if (is(report_)) return report();
    if (is(health_)) return HealthCommand{max_age()};
    if (is(metrics_)) return MetricsCommand{};
    if (is(logs_)) return logs();
    if (is(prune_)) return PruneCommand{flags_.dry_run};
    if (is(check_)) return CheckCommand{};
    if (is(notify_)) return notify();
    if (is(init_)) return init();
    return TickCommand{{flags_.force || !flags_.spiders.empty(), flags_.spiders}, flags_.dry_run};
  }

  /** Empty for a tick. */
  [[nodiscard]] std::string name_of_command() const {
    const auto chosen = app_.get_subcommands();
    return chosen.empty() ? "" : chosen.front()->get_name();
  }

  [[nodiscard]] NotifyCommand notify() const {
    if (flags_.test) return {};
    throw UsageError("notify: ticks tell people by themselves; say --test to try it");
  }

  [[nodiscard]] Command init() const {
    if (flags_.cron) return cron();
    if (!flags_.config_file.empty()) {
      throw UsageError("-c names a configuration to read, and init writes one; use -o FILE");
    }
    const bool has_output = init_->count("--output") > 0;
    if (has_output && flags_.to_stdout) {
      throw UsageError("-o and --stdout exclude each other; give one of them");
    }
    if ((has_output && flags_.output.empty()) ||
        (init_->count("DIRECTORY") > 0 && flags_.directory.empty())) {
      throw UsageError(
          "init: an empty text names no file and no folder; give one, or leave it out");
    }
    InitCommand command;
    if (!flags_.directory.empty()) command.directory = flags_.directory;
    if (has_output) command.output = flags_.output;
    command.to_stdout = flags_.to_stdout;
    return command;
  }

  [[nodiscard]] CronCommand cron() const {
    for (const auto* other : {"DIRECTORY", "--output", "--stdout"}) {
      if (init_->count(other) == 0) continue;
      throw UsageError("init --cron: there is no place for " + std::string(other) +
                       ", because the line is all that it prints; use -c FILE for a configuration "
                       "that is not found by itself");
    }
    return {};
  }

  [[nodiscard]] HistoryCommand history() const {
    HistoryCommand command;
    command.json = flags_.json;
    if (history_->count("--since") > 0) command.since = duration(flags_.since, "--since");
    if (history_->count("--spider") > 0) command.spider = flags_.of_spider;
    if (history_->count("--status") == 0) return command;
    command.status = parse_run_status(flags_.status);
    if (command.status) return command;
    throw UsageError("--status: \"" + flags_.status +
                     "\" is no status; write running, completed or failed");
  }

  [[nodiscard]] ReportCommand report() const {
    if (report_->count("--output") == 0) return {};
    if (flags_.output.empty()) {
      throw UsageError("report: -o names no file; name one, or leave it out to print the page");
    }
    return {flags_.output};
  }

  [[nodiscard]] LogsCommand logs() const {
    LogsCommand command{{}, {}, {}, flags_.follow};
    if (logs_->count("SPIDER") > 0) {
      command.spider = flags_.spider;
    } else if (flags_.follow || logs_->count("--run") + logs_->count("--attempt") > 0) {
      throw UsageError("logs: SPIDER is required with --run, --attempt and --follow; name one");
    }
    if (logs_->count("--run") > 0) {
      command.run = parse_number<std::int64_t>(flags_.run, "--run");
    }
    if (logs_->count("--attempt") > 0) {
      command.attempt = parse_number<int>(flags_.attempt, "--attempt");
    }
    return command;
  }

  void refuse_tick_flags() const {
    const auto* flag = flags_.force                    ? "--force"
                       : flags_.dry_run && !is(prune_) ? "--dry-run"
                       : !flags_.spiders.empty()       ? "--spider"
                                                       : nullptr;
    if (flag == nullptr) return;
    throw UsageError(std::string(flag) + " belongs to a tick, not to the command " +
                     name_of_command() + "; leave one of them out");
  }

  [[nodiscard]] Duration wait() const {
    if (migrate_->count("--wait") == 0) return Duration{0};
    return duration(flags_.wait, "--wait");
  }

  [[nodiscard]] static Duration duration(const std::string& text, const std::string& flag) {
    if (const auto duration = parse_duration(text)) return *duration;
    throw UsageError(flag + ": \"" + text + "\" is no duration; write it like " +
                     std::string(duration_examples));
  }

  [[nodiscard]] std::optional<Duration> max_age() const {
    if (health_->count("--max-age") == 0) return std::nullopt;
    const auto age = parse_duration(flags_.max_age);
    if (age && *age > Duration{0}) return age;
    throw UsageError("--max-age: \"" + flags_.max_age +
                     "\" is no duration above 0s; write it like " + std::string(duration_examples));
  }

  /** CLI11's own words, on one line. */
  static std::string reason(const CLI::ParseError& error) {
    std::string text = error.what();
    for (auto& c : text) {
      if (c == '\n') c = ' ';
    }
    return text;
  }

  Flags flags_;
  CLI::App app_{description, "spider-check"};
  CLI::App* migrate_ = nullptr;
  CLI::App* status_ = nullptr;
  CLI::App* history_ = nullptr;
  CLI::App* show_ = nullptr;
  CLI::App* report_ = nullptr;
  CLI::App* health_ = nullptr;
  CLI::App* metrics_ = nullptr;
  CLI::App* logs_ = nullptr;
  CLI::App* prune_ = nullptr;
  CLI::App* check_ = nullptr;
  CLI::App* notify_ = nullptr;
  CLI::App* init_ = nullptr;
};

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  return Parser(may_name_command(argc, argv)).parse(argc, argv);
}

bool asks_for_health(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "-c" || word == "--config") {
      ++i;  // what follows is its value
    } else if (word.empty() || word.front() != '-') {
      return word == "health";
    }
  }
  return false;
}

}  // namespace spider_check::config
