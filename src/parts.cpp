#include "parts.hpp"

#include <unistd.h>

#include "app/reports.hpp"
#include "app/run_view.hpp"
#include "config/load.hpp"
#include "config/spider_rules.hpp"
#include "config/version.hpp"
#include "db/row_count.hpp"
#include "os/files.hpp"
#include "os/programs.hpp"
#include "setup/findings.hpp"

namespace spider_check {

namespace {

// Of the log of a spider that failed, for a check-in; docs/reference.md says so, too.
constexpr std::int64_t end_of_log = 10'000;  // bytes

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

/** What tells one connection from another; no secret. */
std::string way_to(const ConnectionOptions& database) {
  std::string way = database.inherited_options;
  for (const auto& [keyword, value] : database.parameters) {
    if (!keyword.ends_with("password")) way += "\n" + keyword + "=" + value;
  }
  return way;
}

}  // namespace

std::string metrics(const app::Instance& instance) {
  return app::metrics(instance, config::version);
}

Parts::Notifications::Notifications(const config::Config& config, NotificationStore& store,
                                    const LogDirectory& logs)
    : channels(config.notify.channels, os::sender()),
      notifier{config.notify.policy, store, channels, deliveries,
               [&logs](const std::filesystem::path& log) { return logs.end_of(log, end_of_log); }} {
}

Parts::Parts(const config::Config& config, const config::CommandLine& line)
    : session_(config.database, db::session_name(os::host_name(), ::getpid())),
      store_(session_, config.name, config.max_instances, host_),
      reports_(session_, config.name),
      messages_(session_, config.name),
      project_(setup::project_options(config)),
      programs_(setup::program_jobs(config)),
      runner_(config.concurrency, config.run_timeout),
      logs_(config.log_dir, config.name, config.identity),
      journal_(config.state_dir, config.name, config.max_instances, config.identity,
               way_to(config.database)),
      log_fallback_(config.log_dir),
      log_(app::log_to_stderr(log_level(line.verbosity), render::Zone(config.timezone))),
      instance_{
          .name = config.name,
          .policy = config.policy,
          .takeover_after = config.takeover_after,
          .log_dir = config.log_dir,
          .store = store_,
          .reports = reports_,
          .messages = messages_,
          .journal = journal_,
          .logs = logs_,
          .log_fallback = log_fallback_,
          .host = host_,
          .runner = runner_,
          .monitors = monitors_,
          .log = log_,
          .zone = render::Zone(config.timezone),
          .sources = sources(config),
          .make_view =
              [this](const std::vector<SpiderJob>& jobs) {
                return app::make_view(log_, jobs, instance_.output);
              },
          .rules = [&config](SpiderJob& job) { config::apply_rules(config, job); },
          .keep = config.keep,
          .log_size = config.log_size,
          .on_database_error = config.on_database_error,
          .wake_wait = config.wake_wait,
          .precheck_max_age = config.precheck_max_age,
          .warnings = config.warnings,
          .how_to_name = config::how_to_name(config),
      } {
  session_.on_warning([this](const std::string& text) {
    log_.info("PostgreSQL warns: {}", render::printable(text));
  });
  instance_.count_rows = [](const RowCheck& check) {
    return db::count_rows(check, db::session_name(os::host_name(), ::getpid()));
  };
  if (!config.precheck.empty()) {
    instance_.precheck = [&config] { return os::ask_precheck(config.precheck); };
  }
  instance_.output = {
      app::columns_of(STDOUT_FILENO), app::wants_colour(),
      "spider-check " + (line.config_file ? "-c " + *line.config_file + " " : "") + "logs",
      config.log_dir.string()};
  instance_.output.colour = instance_.output.colour && instance_.output.width > 0;
  if (!config.scrapy) {
    for (const auto& program : config.programs) instance_.spiders.push_back(program.name);
  }
  publish(config);
  if (config.notify.channels.any()) set_notifier(config);
}

void Parts::publish(const config::Config& config) {
  if (!config.report_path.empty()) {
    instance_.publications.push_back({"the page", config.report_path, os::publish_privately,
                                      [](const auto& instance) { return app::page(instance); }});
  }
  if (!config.metrics.empty()) {
    instance_.publications.push_back({"the metrics", config.metrics, os::publish_file,
                                      [](const auto& instance) { return metrics(instance); }});
  }
}

void Parts::set_notifier(const config::Config& config) {
  notifications_.emplace(config, messages_, logs_);
  instance_.notifier = &notifications_->notifier;
  auto channels = notifications_->channels.of_events();
  for (auto& name : notifications_->channels.of_runs()) channels.push_back(std::move(name));
  store_.look_for_messages(std::move(channels));
}

std::vector<SpiderSource*> Parts::sources(const config::Config& config) {
  std::vector<SpiderSource*> sources;
  if (config.scrapy) sources.push_back(&project_);
  if (!config.programs.empty()) sources.push_back(&programs_);
  return sources;
}

}  // namespace spider_check
