#pragma once

#include <cstddef>
#include <string_view>

namespace spider_check {

/** How many bytes must be changed, added or taken to make one of the other (Levenshtein). */
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace spider_check
