#pragma once

#include <string>

#include "config/command_line.hpp"
#include "config/environment.hpp"

namespace spider_check::setup {

/**
 * Finds a Scrapy project and writes a configuration for it, into a file that did not exist. Gives
 * what to print: what was found and what to do next, or the configuration itself. Throws
 * UsageError when there is no project or more than one, and when the file cannot be written.
 */
[[nodiscard]] std::string init(const config::InitCommand& command,
                               const config::Environment& environment);

}  // namespace spider_check::setup
