#pragma once

#include "app/schedule.hpp"

namespace spider_check::app {

/**
 * Removes the logs that are too old or too many, after a run. The log of each spider's newest
 * failed attempt stays, and its newest log; when the database does not tell which those are,
 * nothing is removed. Never throws: what goes wrong is one warning.
 */
void tidy_logs(Schedule& schedule);

}  // namespace spider_check::app
