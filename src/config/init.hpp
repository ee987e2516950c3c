#pragma once

#include <string>

#include "config/command_line.hpp"
#include "config/environment.hpp"

namespace spider_check {

/**
 * Finds a Scrapy project and writes a configuration for it, into a file that did not exist. Gives
 * what to print: what was found and what to do next, or the configuration itself. Throws
 * UsageError when there is no project or more than one, and when the file cannot be written.
 */
[[nodiscard]] std::string init(const InitCommand& command, const Environment& environment);

}  // namespace spider_check
