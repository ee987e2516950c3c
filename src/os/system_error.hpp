#pragma once

#include <string>
#include <system_error>

namespace spider_check::os {

/** errno with what was tried. Call it before anything else changes errno. */
[[nodiscard]] std::system_error system_error(const std::string& what);

}  // namespace spider_check::os
