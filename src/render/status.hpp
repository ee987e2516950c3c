#pragma once

#include <string>

#include "core/status.hpp"
#include "render/zone.hpp"

namespace spider_check::render {

/** The status for a person: one screen. */
[[nodiscard]] std::string status_text(const StatusReport& report, const Zone& zone);

/** The status for programs; docs/reports.schema.json describes it. */
[[nodiscard]] std::string status_json(const StatusReport& report, const Zone& zone);

}  // namespace spider_check::render
