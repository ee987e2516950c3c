#pragma once

#include <string>

#include "config/command_line.hpp"
#include "config/config.hpp"
#include "schedule/instance.hpp"

namespace spider_check {

/** To stdout. */
void print(const std::string& text);

/** The same for people: on a terminal no line breaks within a word. */
void print_wrapped(const std::string& text);

/**
 * Carries out a command that works with a schedule: any but check, init and what only prints.
 * Throws UsageError, DbError, LostRun, ListingError, std::system_error.
 */
[[nodiscard]] Result run_command(const CommandLine& line, const Config& config);

}  // namespace spider_check
