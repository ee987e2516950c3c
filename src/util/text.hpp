#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

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

/** "\xNN" for ASCII and for a byte that is no character, "\uNNNN" for any other character. */
[[nodiscard]] std::string hex_escape(const Character& character);

/**
 * Makes bytes harmless to a terminal, piece by piece: lines, tabs and letters of all languages
 * stay; each byte of what steers_terminal() or is not UTF-8 becomes \xNN.
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

// What spiders and sites have said, as the page and messages show it.

/** The text with the passwords in it replaced by ***: of URLs (//USER:***@), and password=***. */
[[nodiscard]] std::string without_passwords(std::string_view text);

/**
 * The last 40 lines and 8 KiB of a log, "…" before them, without passwords, safe for a terminal.
 */
[[nodiscard]] std::string shown_end(std::string_view log);

/**
 * A text in one line of at most so many bytes: no passwords, \xNN or \uNNNN for what steers a
 * terminal.
 */
[[nodiscard]] std::string shown_line(std::string_view text, std::size_t most);

/**
 * A file name for any text: letters, digits, '_', '-' and inner dots stay, every other byte becomes
 * %XX, so that two texts never share a name; a long text is cut and closed with its hash. Never
 * empty, ".", ".." or longer than 120 bytes.
 */
[[nodiscard]] std::string to_file_name(std::string_view text);

/** The text that to_file_name() made this of; a name that it did not make, or cut, stays as it is.
 */
[[nodiscard]] std::string from_file_name(std::string_view name);

/** "1 spider", "2 spiders"; `nouns` where the plural has more than an s behind it. */
[[nodiscard]] std::string counted(std::int64_t count, const std::string& noun,
                                  const std::string& nouns = {});

/** The parts, with the separator between them. `project` makes the text of a part. */
template <typename Parts, typename Project = std::identity>
[[nodiscard]] std::string join(const Parts& parts, std::string_view separator,
                               Project project = {}) {
  std::string text;
  for (const auto& part : parts) {
    if (!text.empty()) text += separator;
    text += std::invoke(project, part);
  }
  return text;
}

/** The parts between the separators: one more than there are separators. */
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

/** The lines, without their ends; none after the last newline. */
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

/** With small letters in place of the capitals of ASCII. */
[[nodiscard]] std::string lower(std::string_view text);

/** A word of a shell's command line: in quotes where it needs them. */
[[nodiscard]] std::string shell_word(const std::string& text);

/** A text that is a number as a whole: empty for any other, and out of range. */
template <typename Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && at == end ? std::optional(number) : std::nullopt;
}

/** The first line that is not blank, without the blanks around it. */
[[nodiscard]] std::string_view first_line(std::string_view text);

/** How many bytes must be changed, added or taken to make one of the other (Levenshtein). */
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/** The name that is nearest to `wanted`; empty where none is within two changes. */
template <typename Names>
[[nodiscard]] std::string nearest(std::string_view wanted, const Names& names) {
  std::string best;
  std::size_t least = 3;
  for (const auto& name : names) {
    const auto apart = edit_distance(wanted, name);
    if (apart < least) best = name;
    least = std::min(least, apart);
  }
  return best;
}

/** FNV-1a, 32 bits: the lock keys rely on it in every version of the program. */
[[nodiscard]] constexpr std::uint32_t fnv1a(std::string_view text) noexcept {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 16777619U;
  }
  return hash;
}

}  // namespace spider_check
