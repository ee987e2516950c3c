#pragma once

#include <string>

#include "app/schedule.hpp"

namespace spider_check::app {

/** The status, as text or as JSON. Throws DbError. */
[[nodiscard]] std::string status(const Schedule& schedule, bool json);

}  // namespace spider_check::app
