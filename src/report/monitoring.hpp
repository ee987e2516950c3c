#pragma once

#include <string>
#include <string_view>

#include "report/health.hpp"

namespace spider_check {

/** What a monitoring plugin says: one line with performance data, which docs/reference.md
 * describes. */
[[nodiscard]] std::string health_line(const StatusReport& report, const Health& health);

/** The line when the state of a schedule is not known, and why. */
[[nodiscard]] std::string unknown_health_line(const std::string& why);

/**
 * The status in Prometheus' text format, as docs/reference.md lists it. What is not known is left
 * out: a 0 would be a value.
 */
[[nodiscard]] std::string metrics_text(const StatusReport& report, std::string_view version);

}  // namespace spider_check
