#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/check_text.hpp"
#include "config/config.hpp"
#include "config/load.hpp"
#include "schedule/spider.hpp"
#include "scrapy/project.hpp"

namespace spider_check {

/** The jobs of [[spider]], without the rules of [spiders]. */
[[nodiscard]] std::vector<SpiderJob> program_jobs(const Config& config);

/** What [scrapy] says; nothing useful where there is none. */
[[nodiscard]] ProjectOptions project_options(const Config& config);

using Variables = std::vector<std::pair<std::string, std::string>>;

/** What of the environment says to Scrapy which project it is in, and where that is imported from.
 */
[[nodiscard]] Variables scrapy_variables(const Environment& environment);

/** Those that [spiders] does not set, as a warning that who has not this environment lacks them. */
[[nodiscard]] std::vector<std::string> lacking_for_scrapy(const Loaded& loaded,
                                                          const Environment& environment,
                                                          const std::string& who);

/** What a person reads where nothing is configured that could be run. */
[[nodiscard]] const char* nothing_to_run() noexcept;

/** A report in the making. */
class Findings {
 public:
  explicit Findings(CheckReport& report) : report_(report) {}

  void fact(std::string name, std::string text) {
    report_.facts.push_back({std::move(name), std::move(text)});
  }

  void problem(std::string text) { add(CheckFinding::Kind::problem, std::move(text)); }

  void database_problem(std::string text) { add(CheckFinding::Kind::database, std::move(text)); }

  void warning(std::string text) { add(CheckFinding::Kind::warning, std::move(text)); }

 private:
  void add(CheckFinding::Kind kind, std::string text) {
    report_.findings.push_back({kind, std::move(text)});
  }

  CheckReport& report_;
};

/** Tries the log directory, and the state directory where that is another. */
void check_directories(const Config& config, Findings& findings);

/** Looks whether what each run writes for others can be written. */
void check_published(const Config& config, Findings& findings);

/** Connects and asks whether a tick could work with the database. */
void check_database(const Config& config, Findings& findings);

/**
 * Looks what the journal keeps, and whether all of it can be read; tries to make and lock a file
 * there, which leaves nothing.
 */
void check_journal(const Config& config, Findings& findings);

/** Finds the program of a command: one that cannot be executed is a problem. False: it cannot. */
bool check_program(const std::string& program, const std::string& place, Findings& findings);

/** Asks each check_sql of these jobs, once for each place. */
void check_rows(const Config& config, const std::vector<SpiderJob>& jobs, Findings& findings);

/** Tries the directories in which spiders are to work. */
void check_working_directories(const Config& config, Findings& findings);

}  // namespace spider_check
