#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/schedule.hpp"

namespace spider_check::app {

/**
 * Moves the logs that cannot be written where they belong into a private temporary folder. Where
 * that cannot be had either, the output of a program is thrown away, and a crawl, which nobody
 * could judge without a log, does not start. Gives the one fault of all of them, after it was
 * logged as a warning; empty: there is none.
 */
[[nodiscard]] std::optional<std::string> move_logs(const Schedule& schedule,
                                                   std::vector<SpiderJob>& jobs);

}  // namespace spider_check::app
