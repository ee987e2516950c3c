#include "core/terminal_text.hpp"

#include <utility>

#include "core/utf8.hpp"

namespace spider_check {

namespace {

bool is_harmless(const Character& character) {
  const auto code = character.code;
  return character.valid && (code == '\n' || code == '\t' || !steers_terminal(code));
}

std::string escaped(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    text += {'\\', 'x', digits[byte >> 4U], digits[byte & 15U]};
  }
  return text;
}

}  // namespace

std::string TerminalText::add(std::string_view bytes) {
  waiting_ += bytes;
  std::string text;
  std::string_view rest = waiting_;
  while (!rest.empty()) {
    const auto character = first_character(rest);
    if (character.cut) break;
    const auto part = rest.substr(0, character.length);
    text += is_harmless(character) ? std::string(part) : escaped(part);
    rest.remove_prefix(character.length);
  }
  waiting_ = std::string(rest);
  return text;
}

std::string TerminalText::finish() {
  return escaped(std::exchange(waiting_, {}));
}

}  // namespace spider_check
