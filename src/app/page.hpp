#pragma once

#include <string>

#include "app/instance.hpp"
#include "core/report.hpp"

namespace spider_check::app {

/** All that the page shows: of the last thirty days, and no more of it than a browser can take.
 * Throws DbError. */
[[nodiscard]] PageReport read_page(const Instance& instance);

/** The page, as HTML. Throws DbError. */
[[nodiscard]] std::string page(const Instance& instance);

}  // namespace spider_check::app
