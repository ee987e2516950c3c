#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/load.hpp"
#include "core/ports.hpp"
#include "scrapy/project.hpp"

namespace spider_check::setup {

/** The jobs of [[spider]], without the rules of [spiders]. */
[[nodiscard]] std::vector<SpiderJob> program_jobs(const config::Config& config);

/** What [scrapy] says; nothing useful where there is none. */
[[nodiscard]] scrapy::ProjectOptions project_options(const config::Config& config);

using Variables = std::vector<std::pair<std::string, std::string>>;

/** What of the environment says to Scrapy which project it is in, and where that is imported from.
 */
[[nodiscard]] Variables scrapy_variables(const config::Environment& environment);

/** Those that [spiders] does not set, as a warning that who has not this environment lacks them. */
[[nodiscard]] std::vector<std::string> lacking_for_scrapy(const config::Loaded& loaded,
                                                          const config::Environment& environment,
                                                          const std::string& who);

/** What a person reads where nothing is configured that could be run. */
[[nodiscard]] const char* nothing_to_run() noexcept;

}  // namespace spider_check::setup
