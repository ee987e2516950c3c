#pragma once

#include <string>

#include "core/health.hpp"
#include "core/status.hpp"

namespace spider_check::render {

/** What a monitoring plugin says: one line with performance data, which docs/reference.md
 * describes. */
[[nodiscard]] std::string health_line(const StatusReport& report, const Health& health);

/** The line when nobody can say how a schedule fares, and why. */
[[nodiscard]] std::string unknown_health_line(const std::string& why);

}  // namespace spider_check::render
