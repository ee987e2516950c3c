#pragma once

#include "config/check_text.hpp"
#include "config/load.hpp"

namespace spider_check {

/**
 * Tries every program, directory and server that a configuration names, and lists the spiders with
 * what applies to each. Runs `scrapy list`, and changes nothing. Does not throw for anything that
 * may be wrong outside: the report tells it.
 */
[[nodiscard]] CheckReport check(const Loaded& loaded, const Environment& environment);

}  // namespace spider_check
