#pragma once

#include <memory>
#include <vector>

#include "app/log.hpp"
#include "app/run_view.hpp"

namespace spider_check::app {

/**
 * How a run of these jobs is shown on stderr: by a live table where that is a terminal and the log
 * is at its usual level, else by one log line for each event. The log and the jobs outlive it.
 */
[[nodiscard]] std::unique_ptr<RunView> make_view(Log& log, const std::vector<SpiderJob>& jobs);

}  // namespace spider_check::app
