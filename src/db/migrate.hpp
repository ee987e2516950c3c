#pragma once

#include <functional>
#include <string>
#include <vector>

#include "util/time.hpp"

namespace spider_check {

/**
 * Waits for the server to come up, at most `wait`, and migrates. `apply` applies what is missing
 * and names it. Gives what to tell the person. Throws DbError.
 */
[[nodiscard]] std::string migrate(const std::function<std::vector<std::string>()>& apply,
                                  Duration wait);

}  // namespace spider_check
