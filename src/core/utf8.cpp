#include "core/utf8.hpp"

namespace spider_check {

namespace {

std::size_t length_from(unsigned char lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  return 0;
}

bool is_character(char32_t code, std::size_t length) noexcept {
  if (length == 3) return code >= 0x800 && (code < 0xd800 || code > 0xdfff);
  if (length == 4) return code >= 0x10000 && code <= 0x10ffff;
  return true;
}

}  // namespace

Character first_character(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  const auto length = length_from(lead);
  const Character invalid{lead, 1, false};
  if (length == 1) return {lead, 1, true};
  if (length == 0) return invalid;
  char32_t code = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {lead, 1, false, true};
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0U) != 0x80) return invalid;
    code = code << 6U | (byte & 0x3fU);
  }
  return is_character(code, length) ? Character{code, length, true} : invalid;
}

bool steers_terminal(char32_t code) noexcept {
  const bool controls = code < 0x20 || (code >= 0x7f && code < 0xa0);
  const bool turns = code == 0x61c || code == 0x200e || code == 0x200f ||
                     (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return controls || turns;
}

}  // namespace spider_check
