#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "schedule/spider.hpp"

namespace spider_check {

/**
 * The rules for a spider: those for all, then of each table that fits, and of its own name last.
 */
[[nodiscard]] SpiderRules rules_of(const Config& config, const std::string& spider);

/** Each table of [spiders], as it stands in the file. */
[[nodiscard]] std::vector<const SpiderRules*> all_rules(const Config& config);

/** Gives a job what [spiders] says of it. */
void apply_rules(const Config& config, SpiderJob& job);

/** Whether a table of [spiders] is for this spider. */
[[nodiscard]] bool is_for(const SpiderOverride& table, const std::string& spider);

/** "FILE:LINE: KEY: " where the file says it, else `otherwise`, or the key. */
[[nodiscard]] std::string place_of(const Places& places, const std::string& key,
                                   const std::optional<std::string>& otherwise = {});

/**
 * One line for each setting that is allowed and odd. jobs: those that it runs, with their rules.
 * all_known: there are no others.
 */
[[nodiscard]] std::vector<std::string> advise(const Config& config,
                                              const std::vector<SpiderJob>& jobs, bool all_known);

}  // namespace spider_check
