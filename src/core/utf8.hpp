#pragma once

#include <cstddef>
#include <string_view>

namespace spider_check {

/** One character of a text in UTF-8, or a byte that is none. */
struct Character {
  char32_t code = 0;       ///< the byte itself where it is none
  std::size_t length = 1;  ///< bytes
  bool valid = false;
  bool cut = false;  ///< invalid, but further bytes could make a character of it
};

/** The first character of a text that is not empty. Too long forms and surrogates are invalid. */
[[nodiscard]] Character first_character(std::string_view text) noexcept;

/** Whether a character steers a terminal, or turns the direction of the text around it. */
[[nodiscard]] bool steers_terminal(char32_t code) noexcept;

}  // namespace spider_check
