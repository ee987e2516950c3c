#include "render/text_width.hpp"

#include <algorithm>
#include <utility>

#include <locale.h>
#include <wchar.h>

#include "core/text.hpp"

namespace spider_check::render {

namespace {

constexpr std::size_t max_bytes_per_column = 32;

/** libc's table of widths, in a locale that knows every character, while it lives. */
class WidthTable {
 public:
  WidthTable() : before_(table() != nullptr ? ::uselocale(table()) : nullptr) {}

  WidthTable(const WidthTable&) = delete;
  WidthTable& operator=(const WidthTable&) = delete;
  WidthTable(WidthTable&&) = delete;
  WidthTable& operator=(WidthTable&&) = delete;

  ~WidthTable() {
    if (before_ != nullptr) ::uselocale(before_);
  }

  [[nodiscard]] std::size_t operator()(const Character& character) const {
    if (!character.valid || character.code < 0x80) return 1;
    const int width = ::wcwidth(static_cast<wchar_t>(character.code));
    return width < 0 ? 1 : static_cast<std::size_t>(width);
  }

 private:
  /** Null where the host has no such locale: then every character counts one. */
  static locale_t table() {
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
  }

  locale_t before_;
};

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void append(std::string& to, std::string_view text, const Character& character) {
  if (character.valid) {
    to += text.substr(0, character.length);
  } else {
    to += '?';
  }
}

}  // namespace

std::size_t width_of(std::string_view text) {
  if (is_ascii(text)) return text.size();
  const WidthTable width;
  std::size_t sum = 0;
  while (!text.empty()) {
    const auto character = first_character(text);
    sum += width(character);
    text.remove_prefix(character.length);
  }
  return sum;
}

std::string cut_to(std::string_view text, std::size_t width) {
  if (is_ascii(text) && text.size() <= width) return std::string(text);
  if (width == 0) return {};
  const WidthTable width_table;
  std::string cut;
  std::size_t beginning = 0;  // what of it leaves a column for the ellipsis
  std::size_t sum = 0;
  while (!text.empty()) {
    const auto character = first_character(text);
    sum += width_table(character);
    // A heap of accents takes no column, and still is no text.
    if (sum > width || cut.size() > max_bytes_per_column * width) {
      return cut.substr(0, beginning) + "…";
    }
    append(cut, text, character);
    if (sum < width) beginning = cut.size();
    text.remove_prefix(character.length);
  }
  return cut;
}

std::string pad_to(std::string text, std::size_t width) {
  const auto taken = std::min(width, width_of(text));
  return std::move(text.append(width - taken, ' '));
}

std::string fill_to(std::string_view text, std::size_t width) {
  return pad_to(cut_to(text, width), width);
}

}  // namespace spider_check::render
