#include "config/command_line.hpp"

#include <algorithm>
#include <array>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "config/version.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

/** The words of a command line, sorted by what they belong to; empty: not said. */
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

[[noreturn]] void refuse(const char* flag, const std::string& text, std::string_view what) {
  throw UsageError(fmt::format("{}: \"{}\" is not {}", flag, text, what));
}

/** A number from 1 on. Throws UsageError. */
template <typename Number>
Number to_number(const std::string& text, const char* flag) {
  const auto number = parse_number<Number>(text).value_or(0);
  if (number <= 0) refuse(flag, text, "a positive number; write it like 17");
  return number;
}

/** Throws UsageError. */
Duration to_duration(const std::string& text, const char* flag, bool positive = false) {
  const auto duration = parse_duration(text);
  if (duration && (!positive || *duration > Duration{0})) return *duration;
  refuse(flag, text,
         fmt::format("a {}; write it like {}", positive ? "duration above 0s" : "valid duration",
                     duration_examples));
}

HistoryCommand history(const Flags& flags) {
  HistoryCommand command;
  command.json = flags.json;
  if (flags.since) command.since = to_duration(*flags.since, "--since");
  command.spider = flags.of_spider;
  if (flags.status) command.status = parse_run_status(*flags.status);
  if (!flags.status || command.status) return command;
  refuse("--status", *flags.status, "a status; write running, completed or failed");
}

ReportCommand report(const Flags& flags) {
  if (flags.output != "") return {flags.output};
  throw UsageError("report: -o names no file; name one, or leave it out to print the page");
}

HealthCommand health(const Flags& flags) {
  if (!flags.max_age) return {};
  return {to_duration(*flags.max_age, "--max-age", true)};
}

LogsCommand logs(const Flags& flags) {
  if (!flags.spider && (flags.follow || flags.run || flags.attempt)) {
    throw UsageError("logs: SPIDER is required with --run, --attempt and --follow; name one");
  }
  LogsCommand command{flags.spider, {}, {}, flags.follow};
  if (flags.run) command.run = parse_log_run(*flags.run);
  if (flags.run && !command.run) {
    refuse("--run", *flags.run,
           "a run; write it like 17, or 17+2 or 17.2 where its logs are named so");
  }
  if (flags.attempt) command.attempt = to_number<int>(*flags.attempt, "--attempt");
  return command;
}

NotifyCommand notify(const Flags& flags) {
  if (flags.test) return {};
  throw UsageError("notify: ticks tell people by themselves; say --test to try it");
}

CronCommand cron(const Flags& flags) {
  const auto* other = flags.directory   ? "DIRECTORY"
                      : flags.output    ? "--output"
                      : flags.to_stdout ? "--stdout"
                                        : nullptr;
  if (other == nullptr) return {};
  throw UsageError("init --cron: there is no place for " + std::string(other) +
                   ", because the line is all that it prints; use -c FILE for a configuration "
                   "that is not found by itself");
}

InitCommand init(const Flags& flags) {
  if (flags.config_file) {
    throw UsageError("-c names a configuration to read, and init writes one; use -o FILE");
  }
  if (flags.output && flags.to_stdout) {
    throw UsageError("-o and --stdout exclude each other; give one of them");
  }
  if (flags.output == "" || flags.directory == "") {
    throw UsageError(
        "init: an empty text names no file and no directory; give one, or leave it out");
  }
  return {flags.directory.value_or("."), flags.output, flags.to_stdout};
}

void refuse_tick_flags(const Flags& flags) {
  const auto* flag = flags.force                                 ? "--force"
                     : flags.dry_run && flags.command != "prune" ? "--dry-run"
                     : !flags.spiders.empty()                    ? "--spider"
                                                                 : nullptr;
  if (flag == nullptr) return;
  throw UsageError(std::string(flag) + " belongs to a tick, not to the command " + flags.command +
                   "; leave one of them out");
}

Command to_command(const Flags& flags) {
  const auto& name = flags.command;
  if (name.empty()) {
    return TickCommand{{flags.force || !flags.spiders.empty(), flags.spiders}, flags.dry_run};
  }
  refuse_tick_flags(flags);
  if (name == "migrate") {
    return MigrateCommand{flags.wait ? to_duration(*flags.wait, "--wait") : Duration{0}};
  }
  if (name == "status") return StatusCommand{flags.json};
  if (name == "history") return history(flags);
  if (name == "show") return ShowCommand{to_number<std::int64_t>(*flags.run, "show"), flags.json};
  if (name == "report") return report(flags);
  if (name == "health") return health(flags);
  if (name == "metrics") return MetricsCommand{};
  if (name == "logs") return logs(flags);
  if (name == "prune") return PruneCommand{flags.dry_run};
  if (name == "check") return CheckCommand{};
  if (name == "notify") return notify(flags);
  if (flags.cron) return cron(flags);
  return init(flags);
}

CommandLine to_command_line(const Flags& flags) {
  if (flags.config_file == "") {
    throw UsageError("--config: names no file; name one, or leave the flag out");
  }
  if (flags.quiet && flags.verbose) {
    throw UsageError("-q and -v exclude each other; give one of them");
  }
  const auto verbosity = flags.quiet     ? Verbosity::quiet
                         : flags.verbose ? Verbosity::verbose
                                         : Verbosity::normal;
  return {to_command(flags), flags.config_file, verbosity};
}

// Lines of at most 80 columns.
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

constexpr std::array<std::string_view, 12> command_names{"migrate", "status", "history", "show",
                                                         "report",  "health", "metrics", "logs",
                                                         "prune",   "check",  "notify",  "init"};

/** Whether any word is, or asks for, a command, or looks like one. */
bool may_name_command(int argc, const char* const* argv) {
  return std::any_of(argv + 1, argv + argc, [](const std::string_view word) {
    const bool short_flags = word.rfind('-', 0) == 0 && word.rfind("--", 0) != 0;
    return (short_flags && word.find('h') != word.npos) || word.rfind("--h", 0) == 0 ||
           std::ranges::find(command_names, word) != command_names.end();
  });
}

/** "; did you mean status?", or "; see: " with where the known ones are. */
std::string instead_of(const std::string& word, const std::vector<std::string>& known,
                       const std::string& help) {
  const auto meant = nearest(word, known);
  return meant.empty() ? "; see: " + help : "; did you mean " + meant + "?";
}

class Parser {
 public:
  /** with_commands: to set them up costs a hundredth of a tick, which has none. */
  explicit Parser(bool with_commands) {
    app_.set_help_flag("-h,--help", "Show this help");
    app_.add_flag("--version", version_, "Show the version");
    add_text(app_, "-c,--config", flags_.config_file, "The configuration file", "FILE");
    app_.add_flag("-q,--quiet", flags_.quiet, "Say nothing but warnings and errors");
    app_.add_flag("-v,--verbose", flags_.verbose, "Say more");
    app_.add_flag("--force", flags_.force, "Run all spiders now, also when no run is due");
    app_.add_option("--spider", flags_.spiders, "Run only these now; never moves the schedule")
        ->type_name("NAME")
        ->expected(1, CLI::detail::expected_max_vector_size);
    app_.add_flag("--dry-run", flags_.dry_run, "Say what would be done, and why; change nothing");
    app_.footer(footer);
    app_.require_subcommand(0, 1);
    if (!with_commands) return;
    add_database();
    add_answers();
    add_monitoring();
    add_logs();
    add_setup();
  }

  CommandLine parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      const auto words = app_.remaining(true);
      const bool is_about_unknown =
          app_.get_subcommands().empty() && !words.empty() && words.front().front() != '-';
      if (is_about_unknown) refuse(words.front());
      return {PrintCommand{app_.help()}, {}, {}};
    } catch (const CLI::ExtrasError& error) {
      refuse(app_.remaining(true).front());
    } catch (const CLI::ParseError& error) {
      // CLI11's own words, on one line.
      throw UsageError(join(split(error.what(), '\n'), " ") + "; see: " + how_to_help());
    }
    if (version_)
      return {PrintCommand{"spider-check " + std::string(program_version) + "\n"}, {}, {}};
    flags_.command = command();
    return to_command_line(flags_);
  }

 private:
  /** Empty for a tick. */
  [[nodiscard]] std::string command() const {
    const auto chosen = app_.get_subcommands();
    return chosen.empty() ? "" : chosen.front()->get_name();
  }

  [[nodiscard]] std::string how_to_help() const {
    return "spider-check " + (command().empty() ? "" : command() + " ") + "--help";
  }

  /** The first word that nothing takes. */
  [[noreturn]] void refuse(const std::string& word) const {
    const auto whose = command();
    if (word.front() == '-') {
      const auto flag = word.substr(0, word.find('='));
      throw UsageError((whose.empty() ? "a tick" : whose) + " has no option " + flag +
                       instead_of(flag, flags_here(), how_to_help()));
    }
    if (!whose.empty()) {
      throw UsageError(whose + " does not take \"" + word + "\"; see: " + how_to_help());
    }
    const std::vector<std::string> names(command_names.begin(), command_names.end());
    throw UsageError("there is no command \"" + word + "\"" +
                     instead_of(word, names, how_to_help()));
  }

  [[nodiscard]] std::vector<std::string> flags_here() const {
    std::vector<std::string> names;
    const auto add = [&](const CLI::App& app) {
      for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) names.push_back("--" + name);
      }
    };
    add(app_);
    for (const auto* chosen : app_.get_subcommands()) add(*chosen);
    return names;
  }

  void add_database() {
    auto& migrate = add("migrate", "Prepare the database, or bring it up to date");
    add_text(migrate, "--wait", flags_.wait, "How long to wait for the server, like 30s",
             "DURATION");
  }

  void add_answers() {
    auto& status = add("status", "Show the last run, who runs now, what is due next");
    add_json(status);

    auto& history = add("history", "List runs, and when and why nothing ran");
    add_text(history, "--since", flags_.since, "How far back, like 7d, which is the default",
             "DURATION");
    add_text(history, "--spider", flags_.of_spider, "Only runs of this spider", "NAME");
    add_text(history, "--status", flags_.status, "Only runs that are running, completed or failed",
             "STATUS");
    add_json(history);

    auto& show = add("show", "Show one run whole, attempt by attempt");
    add_text(show, "RUN", flags_.run, "The number of the run")->required();
    add_json(show);

    auto& report = add("report", "Write an HTML report");
    add_text(report, "-o,--output", flags_.output, "The file to write; default: print it", "FILE");
  }

  void add_monitoring() {
    auto& health = add("health", "Answer as monitoring plugins do");
    add_text(health, "--max-age", flags_.max_age, "Older data is critical, like 6h", "DURATION");
    health.footer(health_footer);

    add("metrics", "Print the status as Prometheus reads it");
  }

  void add_logs() {
    auto& logs = add("logs", "Show or follow the log of a spider");
    add_text(logs, "SPIDER", flags_.spider, "Its name; default: say which spiders have logs");
    add_text(logs, "--run", flags_.run, "Of this run, not the newest", "ID");
    add_text(logs, "--attempt", flags_.attempt, "Of this attempt, not the last", "N");
    logs.add_flag("-f,--follow", flags_.follow, "Go on with what is added, and with the next logs");

    auto& prune = add("prune", "Remove old runs and logs, as each run does");
    prune.add_flag("--dry-run", flags_.dry_run, "Say what would go; change nothing");
  }

  void add_setup() {
    add("check", "Try everything that the configuration names");

    auto& notify = add("notify", "Send a test notification");
    notify.add_flag("--test", flags_.test, "Send a test by each channel");

    auto& init = add("init", "Write a configuration for a Scrapy project");
    add_text(init, "DIRECTORY", flags_.directory, "Where to look; default: here, and below");
    add_text(init, "-o,--output", flags_.output, "The file to write; never one that exists",
             "FILE");
    init.add_flag("--stdout", flags_.to_stdout, "Print it, and write no file");
    init.add_flag("--cron", flags_.cron, "Print the line for a crontab, and do nothing else");
  }

  /** A command takes the program's own options behind it, too. */
  CLI::App& add(const std::string& name, const std::string& what) {
    auto& command = *app_.add_subcommand(name, what);
    command.set_help_flag("-h,--help", "Show this help");
    command.fallthrough();
    command.footer("The options -c, -q and -v of spider-check are taken here, too.");
    return command;
  }

  void add_json(CLI::App& command) { command.add_flag("--json", flags_.json, "Print JSON"); }

  /** An empty text is one that was said. */
  static CLI::Option* add_text(CLI::App& command, const std::string& name, Flags::Text& text,
                               const std::string& what, const std::string& type = "") {
    const auto take = [&text](const std::string& value) { text = value; };
    return command.add_option_function<std::string>(name, take, what)->type_name(type);
  }

  Flags flags_;
  bool version_ = false;
  CLI::App app_{description, "spider-check"};
};

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  std::vector<const char*> words(argv, argv + argc);
  // `help COMMAND` is another way to write `COMMAND --help`.
  if (argc > 1 && std::string_view(argv[1]) == "help") {
    words.erase(words.begin() + 1);
    words.push_back("--help");
  }
  return Parser(may_name_command(argc, words.data())).parse(argc, words.data());
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

}  // namespace spider_check
