#include "commands.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "app/logs.hpp"
#include "app/migrate.hpp"
#include "app/notifications.hpp"
#include "app/reports.hpp"
#include "app/retention.hpp"
#include "app/tick.hpp"
#include "core/errors.hpp"
#include "db/inspection.hpp"
#include "db/migrator.hpp"
#include "os/files.hpp"
#include "os/log_files.hpp"
#include "parts.hpp"
#include "render/text_width.hpp"
#include "render/zone.hpp"
#include "setup/findings.hpp"

namespace spider_check {

namespace {

/** Where the user says. Throws UsageError. */
void write(const std::string& file, const std::string& text) {
  try {
    os::publish_privately(file, text);
  } catch (const std::system_error& error) {
    throw UsageError(std::string(error.what()) +
                     "; name a file in a directory that can be written in");
  }
}

class Commands {
 public:
  explicit Commands(Parts& parts) : parts_(parts), schedule_(parts.schedule()) {}

  app::Result operator()(const config::TickCommand& command) {
    if (schedule_.sources.empty()) throw UsageError(setup::nothing_to_run());
    if (!command.dry_run) return app::tick(schedule_, command.request);
    print_wrapped(app::dry_run(schedule_, command.request));
    return {};
  }

  app::Result operator()(const config::MigrateCommand& command) {
    bool is_said = false;
    const auto on_wait = [&](const std::string& who) {
      schedule_.log.at(std::exchange(is_said, true) ? app::LogLevel::debug : app::LogLevel::warning,
                       "The tables are in use{}; trying again",
                       who.empty() ? "" : " by " + render::printable(who));
    };
    const auto apply = [&] {
      // A connection that was lost while waiting is no use for the next try.
      parts_.session().disconnect();
      return db::migrate(parts_.session(), on_wait);
    };
    print_wrapped(app::migrate(apply, command.wait));
    for (const auto& line : db::inspect_database(parts_.session()).warnings)
      schedule_.log.warn("{}", line);
    return {};
  }

  app::Result operator()(const config::StatusCommand& command) {
    const auto answer = app::status(schedule_, command.json);
    print(answer.text);
    if (answer.fault) throw DbError(*answer.fault);
    return {};
  }

  app::Result operator()(const config::NotifyCommand& /*command*/) {
    const auto tested = app::test_channels(schedule_);
    print_wrapped(tested.text);
    return {tested.all_sent ? ExitCode::success : ExitCode::spider_failed};
  }

  app::Result operator()(const config::HistoryCommand& command) {
    const HistoryFilter filter{command.since, command.spider, command.status, app::max_runs};
    print(app::history(schedule_, filter, command.json));
    return {};
  }

  app::Result operator()(const config::ShowCommand& command) {
    print(app::show(schedule_, command.run, command.json));
    return {};
  }

  app::Result operator()(const config::ReportCommand& command) {
    const auto text = app::page(schedule_);
    if (command.output) {
      write(*command.output, text);
    } else {
      print(text);
    }
    return {};
  }

  app::Result operator()(const config::HealthCommand& command) {
    const auto answer = app::health(schedule_, command.max_age);
    print(answer.line);
    return {ExitCode::success, 0, answer.level};
  }

  app::Result operator()(const config::MetricsCommand& /*command*/) {
    print(metrics(schedule_));
    return {};
  }

  app::Result operator()(const config::LogsCommand& command) {
    if (!command.spider) {
      const auto spiders = app::spiders_with_logs(schedule_.logs);
      print(spiders);
      // On stderr, because completions read the names.
      if (spiders.empty()) std::fputs("spider-check: no spider has a log yet\n", stderr);
      return {};
    }
    const auto log =
        app::choose_log(schedule_.logs, {*command.spider, command.run, command.attempt});
    os::LogOutput output(STDOUT_FILENO);
    if (command.follow) {
      follow(log, command, output);
    } else {
      os::show_log(parts_.logs(), log, output);
    }
    return {};
  }

  app::Result operator()(const config::PruneCommand& command) {
    print_wrapped(app::prune(schedule_, command.dry_run));
    return {};
  }

  // These need no schedule, and are done before there is one.
  app::Result operator()(const config::CheckCommand& /*command*/) { return {}; }

  app::Result operator()(const config::InitCommand& /*command*/) { return {}; }

  app::Result operator()(const config::CronCommand& /*command*/) { return {}; }

  app::Result operator()(const config::PrintCommand& /*command*/) { return {}; }

 private:
  void follow(const std::filesystem::path& log, const config::LogsCommand& command,
              os::LogOutput& output) {
    const auto run = run_of(parse_log_name(log).value_or(LogName{}));
    const auto takes = [&](const LogName& name) {
      return (!command.run || run_of(name) == run) && !command.attempt;
    };
    const auto on_next = [&](const std::filesystem::path& next) {
      schedule_.log.info("Going on with {}", render::printable(next.string()));
    };
    os::LogFollower(parts_.logs(), log, output, {takes, on_next}).run();
  }

  Parts& parts_;
  app::Instance& schedule_;
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
  print(render::wrap(text, app::columns_of(STDOUT_FILENO)));
}

app::Result run_command(const config::CommandLine& line, const config::Config& config) {
  Parts parts(config, line);
  return std::visit(Commands(parts), line.command);
}

}  // namespace spider_check
