#pragma once

#include <string>

#include "app/instance.hpp"
#include "config/command_line.hpp"
#include "config/config.hpp"

namespace spider_check {

/** To stdout. */
void print(const std::string& text);

/** The same for people: on a terminal no line breaks within a word. */
void print_wrapped(const std::string& text);

/**
 * Carries out a command that works with a schedule: any but check, init and what only prints.
 * Throws UsageError, DbError, LostRun, ListingError, std::system_error.
 */
[[nodiscard]] app::Result run_command(const config::CommandLine& line,
                                      const config::Config& config);

}  // namespace spider_check
