// Parse, wire, run: the one place that knows every part, the one catch-all and the one exit.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

#include "app/history.hpp"
#include "app/log.hpp"
#include "app/logs.hpp"
#include "app/migrate.hpp"
#include "app/monitoring.hpp"
#include "app/page.hpp"
#include "app/program_source.hpp"
#include "app/prune.hpp"
#include "app/schedule.hpp"
#include "app/status.hpp"
#include "app/telling.hpp"
#include "app/tick.hpp"
#include "app/views.hpp"
#include "config/command_line.hpp"
#include "config/load.hpp"
#include "config/spider_rules.hpp"
#include "config/version.hpp"
#include "core/errors.hpp"
#include "db/migrator.hpp"
#include "db/report_store.hpp"
#include "db/run_store.hpp"
#include "db/telling_store.hpp"
#include "journal/file_journal.hpp"
#include "notify/channels.hpp"
#include "os/errands.hpp"
#include "os/log_ends.hpp"
#include "os/log_follower.hpp"
#include "os/log_places.hpp"
#include "os/log_reader.hpp"
#include "os/loop_runner.hpp"
#include "os/precheck.hpp"
#include "os/private_file.hpp"
#include "os/process_identity.hpp"
#include "os/published_file.hpp"
#include "os/schedule_logs.hpp"
#include "os/signals.hpp"
#include "os/tail.hpp"
#include "render/check.hpp"
#include "render/health.hpp"
#include "scrapy/crawl_witness.hpp"
#include "scrapy/project.hpp"
#include "setup/check.hpp"
#include "setup/cron_line.hpp"
#include "setup/init.hpp"
#include "setup/sources.hpp"

namespace {

using namespace spider_check;

/** Where the user says. Throws UsageError. */
void write(const std::string& file, const std::string& text) {
  try {
    os::PrivateFile(file).replace(text);
  } catch (const std::system_error& error) {
    throw UsageError(std::string(error.what()) +
                     "; name a file in a folder that can be written in");
  }
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}

app::LogLevel log_level(config::Verbosity verbosity) {
  switch (verbosity) {
    case config::Verbosity::quiet:
      return app::LogLevel::warning;
    case config::Verbosity::normal:
      return app::LogLevel::info;
    case config::Verbosity::verbose:
      return app::LogLevel::debug;
  }
  return app::LogLevel::info;
}

/** The parts that a configuration asks for, put together; the configuration outlives them. */
class Program {
 public:
  Program(const config::Config& config, config::Verbosity verbosity)
      : session_(config.database, db::session_name(os::host_name(), ::getpid())),
        store_(session_, config.name, config.max_instances, owners_),
        reports_(session_, config.name),
        project_(setup::project_options(config)),
        programs_(setup::program_jobs(config)),
        runner_(config.concurrency, config.run_timeout),
        logs_(config.log_dir, config.name),
        journal_(config.state_dir, config.name, config.max_instances),
        precheck_(config.precheck),
        page_(config.report_path),
        metrics_file_(config.metrics),
        log_(app::log_to_stderr(log_level(verbosity), render::Zone(config.timezone))),
        schedule_{config.name,
                  config.policy,
                  config.takeover_after,
                  config.log_dir,
                  store_,
                  owners_,
                  sources(config),
                  runner_,
                  witnesses_,
                  render::Zone(config.timezone),
                  log_,
                  [&config](SpiderJob& job) { config::apply_rules(config, job); },
                  [this](const std::vector<SpiderJob>& jobs) { return view(jobs); },
                  &logs_,
                  config.keep,
                  config.log_size,
                  &journal_,
                  config.on_database_error,
                  config.wake_wait} {
    if (!config.precheck.empty()) schedule_.precheck = &precheck_;
    schedule_.precheck_max_age = config.precheck_max_age;
    schedule_.log_places = &log_places_;
    schedule_.log_ends = &log_ends_;
    if (!config.report_path.empty()) {
      schedule_.publications.push_back(
          {"the page", &page_, [](const auto& s) { return app::page(s); }});
    }
    schedule_.reports = &reports_;
    schedule_.warnings = config.warnings;
    if (config.notify.channels.any()) tell_people(config);
    if (!config.metrics.empty()) {
      schedule_.publications.push_back(
          {"the metrics", &metrics_file_, [](const auto& s) { return metrics(s); }});
    }
  }

  app::Result operator()(const config::TickCommand& command) {
    if (schedule_.sources.empty()) throw UsageError(setup::nothing_to_run());
    if (!command.dry_run) return app::tick(schedule_, command.request);
    print(app::dry_run(schedule_, command.request));
    return {};
  }

  app::Result operator()(const config::MigrateCommand& command) {
    const auto apply = [&] {
      // A connection that was lost while waiting is no use for the next try.
      session_.disconnect();
      return db::migrate(session_);
    };
    print(app::migrate(apply, command.wait));
    return {};
  }

  app::Result operator()(const config::StatusCommand& command) {
    print(app::status(schedule_, command.json));
    return {};
  }

  app::Result operator()(const config::NotifyCommand& /*command*/) {
    const auto tested = app::test_channels(schedule_);
    print(tested.text);
    return {tested.all_sent ? ExitCode::success : ExitCode::spider_failed};
  }

  app::Result operator()(const config::HistoryCommand& command) {
    const HistoryFilter filter{command.since, command.spider, command.status, app::most_runs};
    print(app::history(schedule_, filter, command.json));
    return {};
  }

  app::Result operator()(const config::ShowCommand& command) {
    print(app::show(schedule_, command.run, command.json));
    return {};
  }

  app::Result operator()(const config::ReportCommand& command) {
    const auto page = app::page(schedule_);
    if (command.output) {
      write(*command.output, page);
    } else {
      print(page);
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
      print(app::spiders_with_logs(logs_));
      return {};
    }
    const auto log = app::choose_log(logs_, {*command.spider, command.run, command.attempt});
    os::LogOutput output(STDOUT_FILENO);
    if (command.follow) {
      follow(log, command, output);
    } else {
      os::show_log(log, output);
    }
    return {};
  }

  app::Result operator()(const config::PruneCommand& command) {
    print(app::prune(schedule_, command.dry_run));
    return {};
  }

  // These need no schedule: run() is done with them before there is one.
  app::Result operator()(const config::CheckCommand& /*command*/) { return {}; }

  app::Result operator()(const config::InitCommand& /*command*/) { return {}; }

  app::Result operator()(const config::CronCommand& /*command*/) { return {}; }

  app::Result operator()(const config::PrintCommand& /*command*/) { return {}; }

 private:
  /** What a schedule that tells nobody does without. */
  struct Telling {
    Telling(const config::Config& config, db::Session& session)
        : store(session, config.name),
          channels(config.notify.channels, os::sender()),
          notifier{config.notify.policy, store, channels, errands,
                   [](const std::filesystem::path& log) { return os::read_tail(log, 10'000); }} {}

    db::PgTellingStore store;
    notify::Channels channels;
    os::Errands errands;
    app::Notifier notifier;
  };

  void tell_people(const config::Config& config) {
    telling_.emplace(config, session_);
    schedule_.notifier = &telling_->notifier;
    auto channels = telling_->channels.of_events();
    for (auto& name : telling_->channels.of_runs()) channels.push_back(std::move(name));
    store_.look_for_messages(std::move(channels));
  }

  static std::string metrics(const app::Schedule& schedule) {
    return app::metrics(schedule, config::version);
  }

  void follow(const std::filesystem::path& log, const config::LogsCommand& command,
              os::LogOutput& output) {
    const auto takes = [&](const LogName& name) {
      return (!command.run || name.run == *command.run) && !command.attempt;
    };
    const auto on_next = [&](const std::filesystem::path& next) {
      log_.info("Going on with {}", render::printable(next.string()));
    };
    os::LogFollower(log, output, {takes, on_next}).run();
  }

  std::unique_ptr<app::RunView> view(const std::vector<SpiderJob>& jobs) {
    return app::make_view(log_, jobs);
  }

  std::vector<SpiderSource*> sources(const config::Config& config) {
    std::vector<SpiderSource*> sources;
    if (config.scrapy) sources.push_back(&project_);
    if (!config.programs.empty()) sources.push_back(&programs_);
    return sources;
  }

  os::ProcessIdentity owners_;
  db::Session session_;
  db::PgRunStore store_;
  db::PgReportStore reports_;
  scrapy::Project project_;
  app::ProgramSource programs_;
  os::LoopRunner runner_;
  os::ScheduleLogs logs_;
  journal::FileJournal journal_;
  os::LogPlaces log_places_;
  os::Precheck precheck_;
  os::LogEnds log_ends_;
  os::PrivateFile page_;
  os::PublishedFile metrics_file_;
  scrapy::Witnesses witnesses_;
  app::Log log_;
  app::Schedule schedule_;
  std::optional<Telling> telling_;
};

void complain(const std::string& what) {
  std::fprintf(stderr, "spider-check: %s\n", render::printable(what).c_str());
}

void print_cron_line(const config::Loaded& loaded, const config::Environment& environment) {
  const auto line = setup::cron_line(loaded, environment, config::account_home());
  for (const auto& warning : line.warnings) complain(warning);
  print(line.text);
}

app::Result run(int argc, char** argv) {
  os::ignore_broken_pipes();
  const auto line = config::parse_command_line(argc, argv);
  if (const auto* text = std::get_if<config::PrintCommand>(&line.command)) {
    print(text->text);
    return {};
  }
  const auto environment = config::read_environment();
  if (const auto* init = std::get_if<config::InitCommand>(&line.command)) {
    print(setup::init(*init, environment));
    return {};
  }
  const auto loaded = config::load(line.config_file, environment);
  // The program's own password is none of the spiders' business.
  ::unsetenv(config::credentials_variable);
  if (std::holds_alternative<config::CheckCommand>(line.command)) {
    const auto report = setup::check(loaded, environment);
    print(render::check_text(report));
    return {exit_code(report)};
  }
  if (std::holds_alternative<config::CronCommand>(line.command)) {
    print_cron_line(loaded, environment);
    return {};
  }
  Program program(loaded.config, line.verbosity);
  return std::visit(program, line.command);
}

/** Tells what is wrong and gives the exit status. */
int complain(ExitCode code, const std::string& what) {
  complain(what);
  return static_cast<int>(code);
}

/** Monitoring must be answered on stdout and by its own statuses, whatever is wrong. */
int health_status(int argc, char** argv) {
  try {
    const auto result = run(argc, argv);
    return result.health ? static_cast<int>(*result.health) : static_cast<int>(result.code);
  } catch (const std::exception& error) {
    print(render::unknown_health_line(error.what()));
    return static_cast<int>(HealthLevel::unknown);
  }
}

/** Runs the program; gives its exit status, or does not return when a signal ends it. */
int exit_status(int argc, char** argv) {
  if (config::asks_for_health(argc, argv)) return health_status(argc, argv);
  app::Result result;
  try {
    result = run(argc, argv);
  } catch (const UsageError& error) {
    return complain(ExitCode::usage, error.what());
  } catch (const DbError& error) {
    return complain(ExitCode::database_unusable, error.what());
  } catch (const LostRun& error) {
    return complain(ExitCode::spider_failed, error.what());
  } catch (const ListingError& error) {
    return complain(ExitCode::spider_failed, error.what());
  } catch (const std::exception& error) {
    return complain(ExitCode::internal, error.what());
  }
  std::fflush(nullptr);
  if (result.signal != 0) os::die_by(result.signal);
  return static_cast<int>(result.code);
}

}  // namespace

int main(int argc, char** argv) {
  const int status = exit_status(argc, argv);
  std::fflush(nullptr);
  // Every object of ours is gone by now. What is left are the tables of libpq's thirty libraries;
  // to take them down by hand costs a tick two hundredths, and the kernel does it anyway.
  std::_Exit(status);
}
