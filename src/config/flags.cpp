#include "config/flags.hpp"

#include <charconv>

#include "core/duration.hpp"
#include "core/errors.hpp"
#include "core/file_name.hpp"

namespace spider_check::config {

namespace {

/** A number from 1 on. Throws UsageError. */
template <typename Number>
Number to_number(const std::string& text, const std::string& flag) {
  Number number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc{} && rest == end && number > 0) return number;
  throw UsageError(flag + ": \"" + text + "\" is not a positive number; write it like 17");
}

/** Throws UsageError. */
Duration to_duration(const std::string& text, const std::string& flag) {
  if (const auto duration = parse_duration(text)) return *duration;
  throw UsageError(flag + ": \"" + text + "\" is not a valid duration; write it like " +
                   std::string(duration_examples));
}

HistoryCommand history(const Flags& flags) {
  HistoryCommand command;
  command.json = flags.json;
  if (flags.since) command.since = to_duration(*flags.since, "--since");
  command.spider = flags.of_spider;
  if (!flags.status) return command;
  command.status = parse_run_status(*flags.status);
  if (command.status) return command;
  throw UsageError("--status: \"" + *flags.status +
                   "\" is not a status; write running, completed or failed");
}

ReportCommand report(const Flags& flags) {
  if (!flags.output || !flags.output->empty()) return {flags.output};
  throw UsageError("report: -o names no file; name one, or leave it out to print the page");
}

HealthCommand health(const Flags& flags) {
  if (!flags.max_age) return {};
  const auto age = parse_duration(*flags.max_age);
  if (age && *age > Duration{0}) return {age};
  throw UsageError("--max-age: \"" + *flags.max_age +
                   "\" is not a duration above 0s; write it like " +
                   std::string(duration_examples));
}

/** Throws UsageError. */
LogRun to_log_run(const std::string& text) {
  if (const auto run = parse_log_run(text)) return *run;
  throw UsageError("--run: \"" + text +
                   "\" is not a run; write it like 17, or 17+2 or 17.2 where " +
                   "its logs are named so");
}

LogsCommand logs(const Flags& flags) {
  if (!flags.spider && (flags.follow || flags.run || flags.attempt)) {
    throw UsageError("logs: SPIDER is required with --run, --attempt and --follow; name one");
  }
  LogsCommand command{flags.spider, {}, {}, flags.follow};
  if (flags.run) command.run = to_log_run(*flags.run);
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

}  // namespace

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

}  // namespace spider_check::config
