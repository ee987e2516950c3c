#include "core/terminal_text.hpp"

#include <utility>

namespace spider_check {

namespace {

/** What stands at the beginning of some bytes. */
struct Character {
  std::size_t length = 1;  ///< 0: not whole yet
  bool harmless = false;
};

constexpr Character one_bad_byte{1, false};

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/** How many bytes a character has that begins with this one; 0: none does. */
std::size_t length_of(unsigned char first) {
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

/** Of those with more than one byte. */
bool is_harmless(char32_t code) {
  const bool control = code < 0xA0;
  const bool turns = code == 0x061C || code == 0x200E || code == 0x200F ||
                     (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return !control && !turns;
}

/** Not written shorter than it can be, no half of a pair, nothing beyond the last one. */
bool is_code(char32_t code, std::size_t length) {
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  return code >= least[length] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

Character look(std::string_view text) {
  const auto first = byte_at(text, 0);
  if (first < 0x80) {
    return {1, first == '\n' || first == '\t' || (first >= 0x20 && first != 0x7F)};
  }
  const auto length = length_of(first);
  if (length == 0) return one_bad_byte;
  char32_t code = first & (0x7FU >> length);
  for (std::size_t at = 1; at < length; ++at) {
    if (at == text.size()) return {0, false};
    const auto next = byte_at(text, at);
    if ((next & 0xC0U) != 0x80U) return one_bad_byte;
    code = (code << 6U) | (next & 0x3FU);
  }
  if (!is_code(code, length)) return one_bad_byte;
  return {length, is_harmless(code)};
}

std::string escaped(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const auto byte = byte_at(bytes, at);
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
    const auto character = look(rest);
    if (character.length == 0) break;
    const auto part = rest.substr(0, character.length);
    text += character.harmless ? std::string(part) : escaped(part);
    rest.remove_prefix(character.length);
  }
  waiting_ = std::string(rest);
  return text;
}

std::string TerminalText::finish() {
  return escaped(std::exchange(waiting_, {}));
}

}  // namespace spider_check
