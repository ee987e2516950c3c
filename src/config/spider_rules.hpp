#pragma once

#include <string>

#include "config/config.hpp"
#include "core/ports.hpp"

namespace spider_check::config {

/**
 * What [spiders] says of a spider: first what applies to every one, then each table whose name or
 * glob fits, in the order of the file, one with its very name last.
 */
[[nodiscard]] SpiderRules rules_of(const Config& config, const std::string& spider);

/** Gives a job what [spiders] says of it. */
void apply_rules(const Config& config, SpiderJob& job);

/** Whether a table of [spiders] is for this spider. */
[[nodiscard]] bool is_for(const SpiderOverride& table, const std::string& spider);

}  // namespace spider_check::config
