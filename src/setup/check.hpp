#pragma once

#include "config/load.hpp"
#include "render/check.hpp"

namespace spider_check::setup {

/**
 * Tries every program, directory and server that a configuration names, and lists the spiders with
 * what applies to each. Runs `scrapy list`, and changes nothing. Does not throw for anything that
 * may be wrong outside: the report tells it.
 */
[[nodiscard]] CheckReport check(const config::Loaded& loaded,
                                const config::Environment& environment);

}  // namespace spider_check::setup
