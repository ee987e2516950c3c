#include "parts.hpp"

#include <unistd.h>

#include "config/findings.hpp"
#include "config/load.hpp"
#include "config/spider_rules.hpp"
#include "config/version.hpp"
#include "db/row_count.hpp"
#include "os/files.hpp"
#include "os/programs.hpp"
#include "report/reports.hpp"
#include "run/run_view.hpp"

namespace spider_check {

namespace {

// Of the log of a spider that failed, for a check-in; docs/reference.md says so, too.
constexpr std::int64_t end_of_log = 10'000;  // bytes

LogLevel log_level(Verbosity verbosity) {
  switch (verbosity) {
    case Verbosity::quiet:
      return LogLevel::warning;
    case Verbosity::normal:
      return LogLevel::info;
    case Verbosity::verbose:
      return LogLevel::debug;
  }
  return LogLevel::info;
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

Parts::Parts(const Config& config, const CommandLine& line)
    : session_(config.database, session_name(host_name(), ::getpid())),
      store_(session_, config.name, config.max_instances, host_),
      reports_(session_, config.name),
      messages_(session_, config.name),
      project_(project_options(config)),
      programs_(program_jobs(config)),
      runner_(config.concurrency, config.run_timeout),
      logs_(config.log_dir, config.name, config.identity),
      journal_(config.state_dir, config.name, config.max_instances, config.identity,
               way_to(config.database)),
      log_(log_to_stderr(log_level(line.verbosity), Zone(config.timezone))),
      instance_{
          .name = config.name,
          .policy = config.policy,
          .takeover_after = config.takeover_after,
          .store = store_,
          .journal = journal_,
          .logs = logs_,
          .host = host_,
          .runner = runner_,
          .probe = [] { return find_probe().path; },
          .log = log_,
          .zone = Zone(config.timezone),
          .sources = sources(config),
          .make_view =
              [this](const std::vector<SpiderJob>& jobs) {
                return make_view(log_, jobs, instance_.output());
              },
          .rules = [&config](SpiderJob& job) { apply_rules(config, job); },
          .keep = config.keep,
          .log_size = config.log_size,
          .on_database_error = config.on_database_error,
          .wake_wait = config.wake_wait,
          .precheck_max_age = config.precheck_max_age,
          .warnings = config.warnings,
          .how_to_name = how_to_name(config),
      },
      notifier_{
          .instance = instance_,
          .policy = config.notify.policy,
          .store = messages_,
          .channels = {config.notify.channels, config.notify.channels.any() ? sender() : ""},
          .run_all = [this](const auto& deliveries) { return deliveries_.run_all(deliveries); },
          .start = [this](const auto& delivery) { deliveries_.start(delivery); },
          .log_end = [this](const auto& log) { return logs_.end_of(log, end_of_log); },
      } {
  session_.on_warning(
      [this](const std::string& text) { log_.info("PostgreSQL warns: {}", printable(text)); });
  instance_.count_rows = [](const RowCheck& check) {
    return count_rows(check, session_name(host_name(), ::getpid()));
  };
  if (!config.precheck.empty()) {
    instance_.precheck = [&config] { return ask_precheck(config.precheck); };
  }
  instance_.output = [&config, &line] {
    Output output{
        columns_of(STDOUT_FILENO), wants_colour(),
        "spider-check " + (line.config_file ? "-c " + *line.config_file + " " : "") + "logs",
        config.log_dir.string()};
    output.colour = output.colour && output.width > 0;
    return output;
  };
  if (!config.scrapy) {
    for (const auto& program : config.programs) instance_.spiders.push_back(program.name);
  }
  publish(config);
  instance_.tidy_messages = [this] { notifier_.tidy(); };
  if (!config.notify.channels.any()) return;
  instance_.check_in = [this](const std::string& run) { notifier_.check_in(run); };
  instance_.tell = [this] { notifier_.tell(); };
  store_.look_for_messages(notifier_.channels.all());
}

void Parts::publish(const Config& config) {
  const auto text = [this](const Instance& instance) { return page(instance, reports_); };
  if (!config.report_path.empty()) {
    instance_.publications.push_back({"the page", config.report_path, publish_privately, text});
  }
  const auto numbers = [this](const Instance& instance) {
    return metrics(instance, reports_, program_version);
  };
  if (!config.metrics.empty()) {
    instance_.publications.push_back({"the metrics", config.metrics, publish_file, numbers});
  }
}

std::vector<SpiderSource*> Parts::sources(const Config& config) {
  std::vector<SpiderSource*> sources;
  if (config.scrapy) sources.push_back(&project_);
  if (!config.programs.empty()) sources.push_back(&programs_);
  return sources;
}

}  // namespace spider_check
