#include "util/text_width.hpp"

#include <algorithm>
#include <utility>

#include <locale.h>
#include <wchar.h>

#include "util/interface.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

constexpr std::size_t max_bytes_per_column = 32;

/** libc's table of widths, in a locale that knows every character, while it lives. */
class WidthTable : NonCopyable {
 public:
  WidthTable() : before_(table() != nullptr ? ::uselocale(table()) : nullptr) {}

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
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/** The width without what only colours it. */
std::size_t shown_width(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b') {
      at = std::min(text.find('m', at), text.size());
    } else {
      plain += text[at];
    }
  }
  return width_of(plain);
}

/** Where the rest of a line begins that is broken: below its last column, or its first word. */
std::size_t hanging(std::string_view line, std::size_t width) {
  auto at = std::min(line.find_first_not_of(' '), line.size());
  for (auto gap = line.find("  ", at); gap != line.npos; gap = line.find("  ", at)) {
    const auto start = line.find_first_not_of(' ', gap);
    if (start == line.npos || shown_width(line.substr(0, start)) > width * 3 / 4) break;
    at = start;
  }
  return shown_width(line.substr(0, at));
}

void wrap_line(std::string& to, std::string_view line, std::size_t width) {
  const auto indent = shown_width(line) <= width ? 0 : hanging(line, width);
  std::size_t column = 0;
  while (!line.empty()) {
    const auto word = std::min(line.find_first_not_of(' '), line.size());
    const auto end = std::min(line.find(' ', word), line.size());
    auto next = line.substr(0, end);
    line.remove_prefix(end);
    // A word that has no room there stands further to the left; the longest stay where they are.
    const auto columns = shown_width(next.substr(word));
    const auto start = columns > width ? indent : std::min(indent, width - columns);
    const bool fits = column == 0 || column + shown_width(next) <= width;
    if (!fits && (column > start || columns <= width)) {
      next.remove_prefix(word);
      to.append("\n").append(column = start, ' ');
    }
    to += next;
    column += shown_width(next);
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
    cut += character.valid ? text.substr(0, character.length) : "?";
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

std::string wrap(std::string_view text, std::size_t width) {
  if (width == 0) return std::string(text);
  std::string wrapped;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    wrap_line(wrapped, text.substr(0, end), width);
    if (end < text.size()) wrapped += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return wrapped;
}

std::string place_of_log(const std::string& log, const std::string& spider, const Output& output,
                         const std::string& which) {
  const bool is_word = !spider.empty() && spider.front() != '-' &&
                       spider.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyz"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                           "0123456789_./-") == spider.npos;
  if (output.width == 0 || !is_word || !log.starts_with(output.log_dir + "/")) {
    return "log: " + log;
  }
  return "see: " + output.logs + " " + spider + which;
}

}  // namespace spider_check
