#pragma once

#include <string_view>

namespace spider_check::fuzz {

/** What a target does with one input. Whatever it throws, and every expect() that fails, is a bug.
 */
void try_input(std::string_view bytes);

/** Ends the process, which libFuzzer then reports with the input, unless the property holds. */
void expect(bool holds, std::string_view property);

}  // namespace spider_check::fuzz
