#pragma once

#include <string>

#include "core/report.hpp"
#include "render/zone.hpp"

namespace spider_check::render {

/**
 * The page for a browser: one HTML file that needs nothing else, no network and no server. Without
 * JavaScript it has the headline and the state of each spider.
 */
[[nodiscard]] std::string page(PageReport report, const Zone& zone);

}  // namespace spider_check::render
