#pragma once

#include <string>
#include <string_view>

namespace spider_check {

/**
 * Makes any bytes harmless to a terminal, piece by piece: lines, tabs and letters of all languages
 * stay, and whatever could steer a terminal or is no UTF-8 becomes \xNN, byte by byte. That is
 * every other control character, those of C1 in UTF-8 too, and what turns the direction of text.
 */
class TerminalText {
 public:
  /** What can be shown now; a character that is not whole yet waits for the rest of it. */
  [[nodiscard]] std::string add(std::string_view bytes);

  /** No more comes: what still waits was no character. */
  [[nodiscard]] std::string finish();

 private:
  std::string waiting_;
};

}  // namespace spider_check
