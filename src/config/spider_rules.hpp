#pragma once

#include <string>

#include "config/config.hpp"
#include "core/ports.hpp"

namespace spider_check::config {

/**
 * Gives a job what [spiders] says: first what applies to every spider, then each table whose name
 * or glob fits, in the order of the file, one with its very name last.
 */
void apply_rules(const Config& config, SpiderJob& job);

/** Whether a table of [spiders] is for this spider. */
[[nodiscard]] bool is_for(const SpiderOverride& table, const std::string& spider);

}  // namespace spider_check::config
