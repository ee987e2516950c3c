#include "config/check.hpp"

#include <algorithm>

#include "config/findings.hpp"
#include "config/spider_rules.hpp"
#include "db/conninfo.hpp"
#include "notify/deliveries.hpp"
#include "os/child.hpp"
#include "os/programs.hpp"
#include "scrapy/find_project.hpp"
#include "scrapy/project.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"
#include "util/time.hpp"

namespace spider_check {

namespace {

void append(Words& all, const std::optional<Words>& further) {
  if (further) all.insert(all.end(), further->begin(), further->end());
}

CheckedSpider checked(const SpiderJob& job, const Config& config) {
  const auto rules = rules_of(config, job.name);
  CheckedSpider spider{job.name, job.crawl, {}, job.limits, job.criteria, {}, {}, {}};
  for (const auto& crawl : config.crawls) {
    if (crawl.name != job.name) continue;
    spider.spider = crawl.spider;
    for (const auto& [name, value] : crawl.arguments) {
      spider.arguments.insert(spider.arguments.end(), {"-a", name + "=" + value});
    }
  }
  append(spider.arguments, rules.arguments);
  for (const auto& [name, value] : job.environment) spider.variables.push_back(name);
  if (rules.working_directory) spider.working_directory = *rules.working_directory;
  if (job.row_check) spider.check_sql = job.row_check->sql;
  if (job.row_check && rules.check_url) spider.check_place = place_of(job.row_check->database);
  return spider;
}

class Check {
 public:
  Check(const Loaded& loaded, const Environment& environment)
      : loaded_(loaded), config_(loaded.config), environment_(environment) {}

  CheckReport run() {
    check_configuration();
    check_directories(config_, report_);
    check_journal(config_, report_);
    check_published(config_, report_);
    check_database(config_, report_);
    check_precheck();
    if (config_.notify.channels.any()) check_notify();
    if (config_.scrapy) check_project();
    if (!config_.programs.empty()) check_programs();
    check_working_directories(config_, report_);
    check_rows(config_, jobs_, report_);
    for (const auto& line : config_.warnings) report_.warning(line);
    for (const auto& line : advise(config_, jobs_, all_known_)) report_.warning(line);
    for (const auto& job : jobs_) report_.spiders.push_back(checked(job, config_));
    report_.next = next();
    return std::move(report_);
  }

 private:
  void check_configuration() {
    if (loaded_.file) {
      report_.fact("Config", loaded_.file->string());
    } else {
      report_.fact(
          "Config",
          "no file, so the defaults apply" +
              (config_.scrapy ? ", to the project in " + config_.scrapy->project.string() : ""));
      const auto name = [](const fs::path& file) { return file.string(); };
      report_.fact("", "looked for " + join(default_files(environment_), ", ", name));
    }
    if (loaded_.dotenv) report_.fact("", loaded_.dotenv->string() + " goes before it");
    if (loaded_.credential) {
      report_.fact("", loaded_.credential->string() + " has the database's password");
    }
    if (const auto names = variables(); !names.empty()) {
      report_.fact("", "of the environment: " + join(names, ", "));
    }
    for (auto& line : lacking_for_scrapy(loaded_, environment_, "cron and systemd do")) {
      report_.warning(std::move(line));
    }
    report_.fact("Schedule", schedule());
    if (!config_.scrapy && config_.programs.empty()) report_.problem(nothing_to_run());
  }

  /** By name: what is read of the environment. */
  [[nodiscard]] std::vector<std::string> variables() const {
    auto names = variables_set(environment_);
    if (!config_.scrapy) return names;
    for (const auto& [name, value] : scrapy_variables(environment_)) names.push_back(name);
    return names;
  }

  [[nodiscard]] std::string schedule() const {
    const auto& policy = config_.policy;
    return "\"" + config_.name + "\", every " + to_text(policy.interval) + ", " +
           counted(policy.max_attempts, "attempt") + ", " + counted(config_.concurrency, "spider") +
           " at a time" +
           (config_.on_database_error == OnDatabaseError::run
                ? ""
                : "; nothing is run without the database") +
           (policy.enabled ? "" : "; disabled");
  }

  void check_precheck() {
    if (config_.precheck.empty()) return;
    const auto place = place_of(config_.places, "precheck");
    if (!check_program(config_.precheck.front(), place, report_)) return;
    report_.fact("Precheck", find_program(config_.precheck.front()).path.string() +
                                 ", until the data is " + to_text(config_.precheck_max_age) +
                                 " old");
  }

  /** Nothing is sent: that is for `notify --test`. */
  void check_notify() {
    const auto& channels = config_.notify.channels;
    std::vector<std::string> names;
    if (!channels.program.empty() &&
        check_program(channels.program.front(), config_.places.at("notify.program.command") + ": ",
                      report_)) {
      names.push_back(channels.program.front());
    }
    const bool needs_sender = !channels.webhook.empty() || !channels.ping.empty();
    if (needs_sender && !find_program(sender()).why_not.empty()) {
      report_.problem("nothing can be sent without " + sender() + "; install spider-check whole");
    }
    // Not their URLs, which are secrets.
    if (!channels.webhook.empty()) names.emplace_back("a webhook");
    if (!channels.ping.empty()) names.emplace_back("a check by pings");
    if (!names.empty())
      report_.fact("Told", join(names, ", ") + "; try: spider-check notify --test");
  }

  void check_project() {
    const auto& options = *config_.scrapy;
    const auto place = place_of(config_.places, "scrapy.command", "[scrapy] command");
    const auto& program = options.command.front();
    if (!check_program(program, place, report_)) {
      report_.fact("Scrapy", "in " + options.project.string());
      all_known_ = false;
      return;
    }
    auto wanted = project_options(config_);
    for (const auto* rules : all_rules(config_)) append(wanted.ignore_errors, rules->ignore_errors);
    Project project(std::move(wanted));
    const auto before = std::ssize(jobs_);
    try {
      add(project.list());
    } catch (const ListingError& error) {
      all_known_ = false;
      report_.problem(error.what() + ("; fix what " + how_to_list() + " shows"));
    }
    const auto version = project.version().empty() ? "" : project.version() + ", ";
    report_.fact("Scrapy", version + find_program(program).path.string());
    report_.fact("", "in " + options.project.string() + ": " +
                         (all_known_ ? counted(std::ssize(jobs_) - before, "spider")
                                     : "its spiders cannot be listed"));
    if (all_known_) check_probe(project);
    check_patterns(project);
    check_tool(place);
  }

  /** They are Python's, so only Python can try them. */
  void check_patterns(const Project& project) {
    for (const auto* rules : all_rules(config_)) {
      for (const auto& error : rules->ignore_errors.value_or(std::vector<std::string>{})) {
        for (const auto& why : project.unusable()) {
          if (!why.starts_with(error + ": ")) continue;
          report_.problem(place_of(rules->places, "ignore_errors") + "Python cannot use " + why +
                          R"(; write it like "re:^Connection lost")");
        }
      }
    }
  }

  /** A project of uv, poetry and the like, with a Scrapy that is only the one in PATH. */
  void check_tool(const std::string& place) {
    const auto& options = *config_.scrapy;
    const auto program = find_program(options.command.front()).path;
    std::error_code none;
    if (!fs::equivalent(program, find_program("scrapy").path, none)) return;
    const auto found = find_scrapy(options.project, options.project);
    if (!found.hint.empty()) {
      report_.warning(found.hint);
    } else if (!found.sign.empty() && !fs::equivalent(program, found.path, none)) {
      report_.warning(place + program.string() + " is another Scrapy than that of the project's " +
                      "environment (" + found.sign + "); write command = [\"" +
                      found.path.string() + "\"]");
    }
  }

  /** What a person types to see what went wrong, as they would without this program. */
  [[nodiscard]] std::string how_to_list() const {
    return "`cd " + config_.scrapy->project.string() + " && " + join(config_.scrapy->command, " ") +
           " list`";
  }

  void check_probe(const Project& project) {
    const auto probe = find_probe();
    if (!probe.path.empty() && !project.version().empty()) return;
    const auto why =
        probe.path.empty() ? probe.why_not : "this Scrapy does not load what PYTHONPATH names";
    report_.warning("the probe cannot look into crawls, so their logs are read instead: " + why +
                    "; install spider-check whole, or let the command keep its environment");
  }

  void check_programs() {
    report_.fact("Programs", std::to_string(config_.programs.size()));
    for (const auto& program : config_.programs) {
      (void)check_program(program.command.front(), program.place + ": ", report_);
    }
    add({program_jobs(config_), {}});
  }

  void add(Listing listing) {
    for (auto& job : listing.jobs) {
      const auto is_other = [&](const auto& other) { return other.name == job.name; };
      if (std::ranges::any_of(jobs_, is_other)) {
        report_.problem(place_of_program(job.name) + "two spiders have the name \"" + job.name +
                        "\", and only the first is run; give one another name, or exclude it");
        continue;
      }
      apply_rules(config_, job);
      jobs_.push_back(std::move(job));
    }
    for (const auto& line : listing.left_out) report_.warning(line);
  }

  /** Of two spiders with one name, the second is always a program. */
  [[nodiscard]] std::string place_of_program(const std::string& name) const {
    for (const auto& program : config_.programs) {
      if (program.name == name) return program.place + ": ";
    }
    return {};
  }

  [[nodiscard]] std::string next() const {
    if (!config_.policy.enabled) return "but enabled is false, so ticks run nothing.";
    return "a tick runs " + counted(std::ssize(jobs_), "spider") + " when the last success is " +
           to_text(config_.policy.interval) + " old; spider-check status says when that is.";
  }

  const Loaded& loaded_;
  const Config& config_;
  const Environment& environment_;
  CheckReport report_;
  std::vector<SpiderJob> jobs_;
  bool all_known_ = true;  ///< no source failed
};

}  // namespace

CheckReport check(const Loaded& loaded, const Environment& environment) {
  return Check(loaded, environment).run();
}

}  // namespace spider_check
