#include "commands.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "config/findings.hpp"
#include "config/version.hpp"
#include "db/inspection.hpp"
#include "db/migrator.hpp"
#include "logs/log_files.hpp"
#include "logs/run_logs.hpp"
#include "os/files.hpp"
#include "parts.hpp"
#include "report/reports.hpp"
#include "run/retention.hpp"
#include "run/tick.hpp"
#include "util/errors.hpp"
#include "util/text_width.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

/** Where the user says. Throws UsageError. */
void write(const std::string& file, const std::string& text) {
  try {
    publish_privately(file, text);
  } catch (const std::system_error& error) {
    throw UsageError(std::string(error.what()) +
                     "; name a file in a directory that can be written in");
  }
}

class Commands {
 public:
  explicit Commands(Parts& parts) : parts_(parts), schedule_(parts.schedule()) {}

  Result operator()(const TickCommand& command) {
    if (schedule_.sources.empty()) throw UsageError(nothing_to_run());
    if (!command.dry_run) return tick(schedule_, command.request);
    print_wrapped(dry_run(schedule_, command.request));
    return {};
  }

  Result operator()(const MigrateCommand& command) {
    bool is_said = false;
    const auto on_wait = [&](const std::string& who) {
      schedule_.log.at(std::exchange(is_said, true) ? LogLevel::debug : LogLevel::warning,
                       "The tables are in use{}; trying again",
                       who.empty() ? "" : " by " + printable(who));
    };
    const auto apply = [&] {
      // A connection that was lost while waiting is no use for the next try.
      parts_.session().disconnect();
      return migrate(parts_.session(), on_wait);
    };
    print_wrapped(migrate(apply, command.wait));
    for (const auto& line : inspect_database(parts_.session()).warnings)
      schedule_.log.warn("{}", line);
    return {};
  }

  Result operator()(const StatusCommand& command) {
    const auto answer = status(schedule_, parts_.reports(), command.json);
    print(answer.text);
    if (answer.fault) throw DbError(*answer.fault);
    return {};
  }

  Result operator()(const NotifyCommand& /*command*/) {
    const auto tested = parts_.notifier().test();
    print_wrapped(tested.text);
    return {tested.all_sent ? ExitCode::success : ExitCode::spider_failed};
  }

  Result operator()(const HistoryCommand& command) {
    const HistoryFilter filter{command.since, command.spider, command.status, max_runs};
    print(history(schedule_, parts_.reports(), filter, command.json));
    return {};
  }

  Result operator()(const ShowCommand& command) {
    print(show(schedule_, parts_.reports(), command.run, command.json));
    return {};
  }

  Result operator()(const ReportCommand& command) {
    const auto text = page(schedule_, parts_.reports());
    if (command.output) {
      write(*command.output, text);
    } else {
      print(text);
    }
    return {};
  }

  Result operator()(const HealthCommand& command) {
    const auto answer = health(schedule_, parts_.reports(), command.max_age);
    print(answer.line);
    return {ExitCode::success, 0, answer.level};
  }

  Result operator()(const MetricsCommand& /*command*/) {
    print(metrics(schedule_, parts_.reports(), program_version));
    return {};
  }

  Result operator()(const LogsCommand& command) {
    if (!command.spider) {
      const auto spiders = spiders_with_logs(schedule_.logs);
      print(spiders);
      // On stderr, because completions read the names.
      if (spiders.empty()) std::fputs("spider-check: no spider has a log yet\n", stderr);
      return {};
    }
    const auto log = choose_log(schedule_.logs, {*command.spider, command.run, command.attempt});
    LogOutput output(STDOUT_FILENO);
    if (command.follow) {
      follow(log, command, output);
    } else {
      show_log(schedule_.logs, log, output);
    }
    return {};
  }

  Result operator()(const PruneCommand& command) {
    print_wrapped(prune(schedule_, command.dry_run));
    return {};
  }

  // These need no schedule, and are done before there is one.
  Result operator()(const CheckCommand& /*command*/) { return {}; }

  Result operator()(const InitCommand& /*command*/) { return {}; }

  Result operator()(const CronCommand& /*command*/) { return {}; }

  Result operator()(const PrintCommand& /*command*/) { return {}; }

 private:
  void follow(const std::filesystem::path& log, const LogsCommand& command, LogOutput& output) {
    const auto run = run_of(parse_log_name(log).value_or(LogName{}));
    const auto takes = [&](const LogName& name) {
      return (!command.run || run_of(name) == run) && !command.attempt;
    };
    const auto on_next = [&](const std::filesystem::path& next) {
      schedule_.log.info("Going on with {}", printable(next.string()));
    };
    LogFollower(schedule_.logs, log, output, {takes, on_next}).run();
  }

  Parts& parts_;
  Instance& schedule_;
};

}  // namespace

void print(const std::string& text) {
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  // Whoever closed the pipe has what they wanted: `| head`.
  if (!written && errno != EPIPE) {
    throw std::system_error(errno, std::generic_category(), "cannot write the output");
  }
}

void print_wrapped(const std::string& text) {
  print(wrap(text, columns_of(STDOUT_FILENO)));
}

Result run_command(const CommandLine& line, const Config& config) {
  Parts parts(config, line);
  return std::visit(Commands(parts), line.command);
}

}  // namespace spider_check
