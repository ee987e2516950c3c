#pragma once

#include <string>

#include "config/command_line.hpp"
#include "config/environment.hpp"

namespace spider_check {

/** Finds a Scrapy project and writes a new file for it. Gives what to print. Throws UsageError. */
[[nodiscard]] std::string init(const InitCommand& command, const Environment& environment);

}  // namespace spider_check
