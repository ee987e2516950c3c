#pragma once

#include <string>

#include "app/schedule.hpp"
#include "core/status.hpp"

namespace spider_check::app {

/** All that is known of the schedule now but `outcomes`, which few need. Throws DbError. */
[[nodiscard]] StatusReport read_status(const Schedule& schedule);

/** The status, as text or as JSON. Throws DbError. */
[[nodiscard]] std::string status(const Schedule& schedule, bool json);

/**
 * As far as this host's journal knows it, as text; empty where there is none, or it cannot be read.
 */
[[nodiscard]] std::string status_without_database(const Schedule& schedule);

}  // namespace spider_check::app
