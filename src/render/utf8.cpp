#include "render/utf8.hpp"

namespace spider_check::render {

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
  if (length == 0 || text.size() < length) return invalid;
  char32_t code = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0U) != 0x80) return invalid;
    code = code << 6U | (byte & 0x3fU);
  }
  return is_character(code, length) ? Character{code, length, true} : invalid;
}

}  // namespace spider_check::render
