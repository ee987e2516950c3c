#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/check.hpp"
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

/** The variables from which Scrapy knows its project, and where to import that from. */
[[nodiscard]] Variables scrapy_variables(const Environment& environment);

/** A warning about those that [spiders] does not set; who: "cron does". */
[[nodiscard]] std::vector<std::string> lacking_for_scrapy(const Loaded& loaded,
                                                          const Environment& environment,
                                                          const std::string& who);

/** Says that nothing is configured that could be run. */
[[nodiscard]] const char* nothing_to_run() noexcept;

/** Tries the log directory, and the state directory where that is another. */
void check_directories(const Config& config, CheckReport& report);

void check_published(const Config& config, CheckReport& report);

/** Connects, and tries a run. */
void check_database(const Config& config, CheckReport& report);

/** Reads the journal; tries to make and lock a file there, which leaves nothing. */
void check_journal(const Config& config, CheckReport& report);

/** False where the program of a command cannot be executed, which is a problem. */
bool check_program(const std::string& program, const std::string& place, CheckReport& report);

/** Asks each check_sql of these jobs, once for each place. */
void check_rows(const Config& config, const std::vector<SpiderJob>& jobs, CheckReport& report);

/** Tries the directories in which spiders are to work. */
void check_working_directories(const Config& config, CheckReport& report);

}  // namespace spider_check
