#pragma once

#include <string>
#include <string_view>

#include "core/status.hpp"

namespace spider_check::render {

/**
 * The status in Prometheus' text format, as docs/reference.md lists it. What is not known is left
 * out: a 0 would be a value.
 */
[[nodiscard]] std::string metrics_text(const StatusReport& report, std::string_view version);

}  // namespace spider_check::render
