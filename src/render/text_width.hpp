#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace spider_check::render {

/**
 * How many columns of a terminal a text takes: two for East Asian wide characters and most emoji,
 * none for what combines with the character before, one for a byte that is no UTF-8. The same
 * whatever the process' locale.
 */
[[nodiscard]] std::size_t width_of(std::string_view text);

/**
 * The text if it takes at most `width` columns, else its beginning with "…", which does. A byte
 * that is no UTF-8 comes out as "?".
 */
[[nodiscard]] std::string cut_to(std::string_view text, std::size_t width);

/** The text with blanks behind it up to `width` columns; a longer one stays as it is. */
[[nodiscard]] std::string pad_to(std::string text, std::size_t width);

/** cut_to(), with blanks behind it up to `width` columns. */
[[nodiscard]] std::string fill_to(std::string_view text, std::size_t width);

}  // namespace spider_check::render
