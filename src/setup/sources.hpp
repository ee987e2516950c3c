#pragma once

#include <vector>

#include "config/config.hpp"
#include "core/ports.hpp"
#include "scrapy/project.hpp"

namespace spider_check::setup {

/** The jobs of [[spider]], without the rules of [spiders]. */
[[nodiscard]] std::vector<SpiderJob> program_jobs(const config::Config& config);

/** What [scrapy] says; nothing useful where there is none. */
[[nodiscard]] scrapy::ProjectOptions project_options(const config::Config& config);

/** What a person reads where nothing is configured that could be run. */
[[nodiscard]] const char* nothing_to_run() noexcept;

}  // namespace spider_check::setup
