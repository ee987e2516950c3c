#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "schedule/spider.hpp"

namespace spider_check {

/**
 * What [spiders] says of a spider: first what applies to every one, then each table whose name or
 * glob fits, in the order of the file, one with its very name last.
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
 * What a configuration says that is allowed and is hardly meant, one line each with the place, what
 * is odd and what would be right. `jobs` are those that it runs, with their rules;
 * `all_known` says that there are no others which could not be listed.
 */
[[nodiscard]] std::vector<std::string> advise(const Config& config,
                                              const std::vector<SpiderJob>& jobs, bool all_known);

}  // namespace spider_check
