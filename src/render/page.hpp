#pragma once

#include <string>

#include "core/report.hpp"
#include "render/zone.hpp"

namespace spider_check::render {

/**
 * The page for a browser: one HTML file that needs nothing else, no network and no server. What it
 * says in words is there without JavaScript, too.
 */
[[nodiscard]] std::string page(const PageReport& report, const Zone& zone);

}  // namespace spider_check::render
