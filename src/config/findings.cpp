#include "config/findings.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

#include <unistd.h>

#include "config/init.hpp"
#include "config/spider_rules.hpp"
#include "db/inspection.hpp"
#include "db/migrator.hpp"
#include "db/pg_run_store.hpp"
#include "db/row_count.hpp"
#include "os/child.hpp"
#include "os/files.hpp"
#include "os/host.hpp"
#include "os/ownership.hpp"
#include "outbox/file_journal.hpp"
#include "scrapy/crawl_monitor.hpp"
#include "util/errors.hpp"

namespace spider_check {

std::vector<SpiderJob> program_jobs(const Config& config) {
  std::vector<SpiderJob> jobs;
  for (const auto& program : config.programs) {
    SpiderJob job;
    job.name = program.name;
    job.command = program.command;
    job.arguments_at = job.command.size();
    job.crawl = is_crawl(job.command);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

ProjectOptions project_options(const Config& config) {
  if (!config.scrapy) return {};
  const auto& scrapy = *config.scrapy;
  std::vector<NamedCrawl> crawls;
  for (const auto& crawl : config.crawls) {
    crawls.push_back({crawl.name, crawl.spider, crawl.arguments, crawl.place});
  }
  // A project may need what its spiders are given to be listed at all.
  return {scrapy.project,
          scrapy.command,
          scrapy.include,
          scrapy.exclude,
          std::move(crawls),
          scrapy.settings,
          config.spiders.environment,
          scrapy.list_timeout};
}

Variables scrapy_variables(const Environment& environment) {
  Variables variables;
  for (const auto* name : {"SCRAPY_PROJECT", "SCRAPY_SETTINGS_MODULE", "PYTHONPATH"}) {
    if (auto value = environment.get(name)) variables.emplace_back(name, *std::move(value));
  }
  return variables;
}

std::vector<std::string> lacking_for_scrapy(const Loaded& loaded, const Environment& environment,
                                            const std::string& who) {
  const auto& set = loaded.config.spiders.environment;
  auto variables = scrapy_variables(environment);
  std::erase_if(variables, [&](const auto& variable) {
    return std::ranges::any_of(set,
                               [&](const auto& other) { return other.first == variable.first; });
  });
  if (!loaded.config.scrapy || variables.empty()) return {};
  return {who + " not have what Scrapy reads of this environment; write " + env_text(variables) +
          " into [spiders]" + (loaded.file ? " of " + loaded.file->string() : "")};
}

const char* nothing_to_run() noexcept {
  return "there is nothing to run: no Scrapy project and no [[spider]] is configured, and there "
         "is no scrapy.cfg here or above; type spider-check init where your project is, or name a "
         "configuration with -c FILE";
}

namespace {

bool is_below(const fs::path& path, const fs::path& directory) {
  const auto mismatch = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return mismatch.first == directory.end();
}

void check_directory(const std::string& name, const fs::path& directory, const std::string& place,
                     CheckReport& report) {
  const auto state = inspect_directory(directory);
  report.fact(
      name, directory.string() + (state.exists || !state.why_not.empty() ? "" : " (will be made)"));
  if (!state.why_not.empty()) {
    report.problem(place + "nothing can be written in " + directory.string() + ": " +
                   state.why_not + "; name another directory, or let this user write there");
    return;
  }
  const auto why = why_not_ours(directory, LinkToDirectory::followed, user_of(directory));
  if (why.empty()) return;
  report.problem(place + "nothing is written in " + directory.string() + ": " + why);
}

/** A file that each run writes; a run that cannot write it goes on, so this is only a warning. */
void check_published_file(const std::string& name, const fs::path& file, const std::string& place,
                          CheckReport& report) {
  report.fact(name, file.string());
  const auto directory = file.parent_path();
  const auto state = inspect_directory(directory);
  const auto why_not = state.why_not.empty() && !state.exists ? "it is not there" : state.why_not;
  if (!why_not.empty()) {
    report.warning(place + "nothing can be written in " + directory.string() + ": " + why_not +
                   "; name a directory that is there, and in which this user may write");
    return;
  }
  try {
    (void)file_to_replace(file);
  } catch (const std::system_error& error) {
    report.warning(place + error.what() + "; name a file");
  }
}

std::string schema_fact(const std::optional<int>& version) {
  if (!version) return "which may not look into it";
  return *version == 0 ? "not prepared yet" : "schema version " + std::to_string(*version);
}

/** What a tick would do with the database. */
void try_a_run(const Config& config, Session& session, CheckReport& report) {
  const ThisHost host;
  // Not the schedule's own lock, which a tick may want just now.
  PgRunStore other(session, config.name + " (check)", 1, host);
  (void)other.try_lock();
  PgRunStore store(session, config.name, config.max_instances, host);
  const auto hidden = hidden_rows(session);
  try {
    try_a_run(session, store, host);
    if (!hidden.empty()) report.warning("the database: " + hidden);
  } catch (const LostRun&) {
    report.database_problem("the database: what was just written cannot be seen; " + hidden);
  } catch (const DbError& error) {
    report.database_problem(std::string("the database refuses a run: ") + error.what());
  }
}

}  // namespace

void check_directories(const Config& config, CheckReport& report) {
  const auto& places = config.places;
  // The journal is there, and mostly the logs, too.
  if (!is_below(config.log_dir, config.state_dir)) {
    check_directory("State", config.state_dir, place_of(places, "state_dir", ""), report);
  }
  const bool own = places.contains("log_dir") || !is_below(config.log_dir, config.state_dir);
  check_directory("Logs", config.log_dir, place_of(places, own ? "log_dir" : "state_dir"), report);
}

void check_published(const Config& config, CheckReport& report) {
  if (!config.report_path.empty()) {
    const auto place = place_of(config.places, "report.path");
    check_published_file("Page", config.report_path, place, report);
  }
  if (config.metrics.empty()) return;
  const auto place = place_of(config.places, "metrics.path");
  check_published_file("Metrics", config.metrics, place, report);
  if (config.metrics.extension() != ".prom") {
    report.warning(place + "node_exporter reads only files that end in .prom; name it so");
  }
}

void check_database(const Config& config, CheckReport& report) {
  Session session(config.database, session_name(host_name(), ::getpid()));
  session.on_warning([&](const std::string& text) { report.warning("PostgreSQL warns: " + text); });
  try {
    const auto facts = inspect_database(session);
    report.fact("Database", "PostgreSQL " + facts.server_version + ", database \"" +
                                facts.database + "\", user \"" + facts.user + "\", " +
                                schema_fact(facts.schema_version));
    for (const auto& line : facts.warnings) report.warning(line);
    if (!facts.obstacle.empty()) report.database_problem("the database: " + facts.obstacle);
    if (facts.schema_version) require_migrated(session);
    if (facts.obstacle.empty()) try_a_run(config, session, report);
  } catch (const DbError& error) {
    if (error.kind() == DbError::Kind::connection) report.fact("Database", "cannot be reached");
    report.database_problem(error.what());
  } catch (const UsageError& error) {
    report.problem(error.what());
  }
}

/** A directory that takes files need not let them be locked, which a journal needs. */
void check_lock(const Config& config, const fs::path& directory, CheckReport& report) {
  if (!inspect_directory(config.state_dir).why_not.empty()) return;  // check_directories() says so
  auto why_not = inspect_directory(directory).why_not;
  if (why_not.empty()) why_not = why_not_lock(directory);
  if (why_not.empty()) return;
  report.problem(place_of(config.places, "state_dir", "") + "there can be no journal: " + why_not +
                 "; name a directory on a local file system with room (state_dir)");
}

void check_journal(const Config& config, CheckReport& report) {
  FileJournal journal(config.state_dir, config.name, config.max_instances, config.identity);
  try {
    const auto contents = journal.read();
    const auto is_other = [&](const auto& attempt) {
      return attempt.record.database.is_other_than(contents.host_state.database);
    };
    const auto all = contents.attempts.size();
    const auto others =
        static_cast<std::size_t>(std::ranges::count_if(contents.attempts, is_other));
    if (all > others) {
      report.fact("Journal", std::to_string(all - others) + " attempt(s) not recorded yet, in " +
                                 journal.place());
    }
    if (others > 0) {
      report.warning("the journal in " + journal.place() + " holds " + std::to_string(others) +
                     " attempt(s) that belong to another database; they are recorded when a tick "
                     "connects to that one, and if it is gone for good, remove their files");
    }
    for (const auto& what : contents.unreadable) {
      report.problem("an attempt in the journal cannot be read, so it is never recorded: " + what);
    }
  } catch (const std::system_error& error) {
    report.problem(error.what());
  }
  check_lock(config, journal.place(), report);
}

bool check_program(const std::string& program, const std::string& place, CheckReport& report) {
  const auto found = find_program(program);
  if (!found.why_not.empty()) {
    report.problem(place + "cannot execute " + program + ": " + found.why_not +
                   "; name the program with its whole path");
    return false;
  }
  const auto directory = found.path.parent_path();
  // cron's PATH and systemd's have these.
  const bool in_every_path = directory == "/usr/bin" || directory == "/bin";
  if (program.find('/') == std::string::npos && !in_every_path) {
    report.warning(place + program + " is " + found.path.string() +
                   ", in a directory of your PATH that cron and systemd may not search; name it "
                   "with its whole path");
  }
  if (found.other_user) {
    report.warning(place + found.path.string() +
                   " is setuid: what it starts may not be ended by the user who runs "
                   "spider-check; run spider-check as the other user instead");
  }
  return true;
}

void check_working_directories(const Config& config, CheckReport& report) {
  for (const auto* rules : all_rules(config)) {
    if (!rules->working_directory) continue;
    const auto why_not = why_not_enter(*rules->working_directory);
    if (why_not.empty()) continue;
    const auto place = place_of(rules->places, "working_directory");
    report.problem(place + why_not + "; name the directory in which the spider works");
  }
}

void check_rows(const Config& config, const std::vector<SpiderJob>& jobs, CheckReport& report) {
  std::set<std::string> tried;
  for (const auto& job : jobs) {
    if (!job.row_check) continue;
    const auto rules = rules_of(config, job.name);
    const auto& place = rules.places.at("check_sql");
    if (!tried.insert(place + place_of(rules.places, "check_url", "")).second) continue;
    const auto count = count_rows(*job.row_check, session_name(host_name(), ::getpid()));
    // What is wrong with the schedule's own database is said already.
    if (count.fault.empty() || (count.away && !rules.check_url)) continue;
    const auto text = place + count.fault.substr(std::string_view("check_sql").size());
    if (count.away) {
      report.warning(text);
    } else {
      report.problem(text + "; correct it, and try it in psql");
    }
  }
}

}  // namespace spider_check
