// Whatever a spider read somewhere, on its way to a terminal.
#include "fuzz.hpp"
#include "util/text.hpp"
#include "util/text_width.hpp"
#include "util/zone.hpp"

namespace spider_check::fuzz {

namespace {

/** Says so by itself, without the rules that it checks: C0, DEL, and C1 as UTF-8 writes it. */
bool is_plain(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) return false;
    if (byte == 0xc2 && next < 0xa0) return false;
  }
  return true;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto character = first_character(text);
    expect(character.length >= 1 && character.length <= text.size(), "a character is in its text");
    if (!character.valid) return false;
    text.remove_prefix(character.length);
  }
  return true;
}

std::string shown(std::string_view bytes) {
  TerminalText text;
  auto result = text.add(bytes);
  return result + text.finish();
}

void check_width(const std::string& text, std::size_t width) {
  expect(width_of(cut_to(text, width)) <= width, "what is cut to a width fits it");
  expect(width_of(fill_to(text, width)) == width, "what is filled to it has it");
}

}  // namespace

void try_input(std::string_view bytes) {
  const auto whole = shown(bytes);
  expect(is_plain(whole) && is_utf8(whole), "what is shown cannot steer a terminal");
  expect(shown(whole) == whole, "what was made harmless stays as it is");
  const auto at = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front()) % bytes.size();
  TerminalText pieces;
  auto joined = pieces.add(bytes.substr(0, at));
  joined += pieces.add(bytes.substr(at));
  joined += pieces.finish();
  expect(joined == whole, "the pieces in which it comes do not matter");
  const auto line = printable(std::string(bytes));
  expect(is_plain(line) && is_utf8(line), "what is printable cannot steer a terminal");
  expect(line.find('\n') == std::string::npos, "what is printable is one line");
  check_width(line, at);
}

}  // namespace spider_check::fuzz
