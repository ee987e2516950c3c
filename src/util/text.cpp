#include "util/text.hpp"

#include <numeric>
#include <utility>

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

bool is_harmless(const Character& character) {
  const auto code = character.code;
  return character.valid && (code == '\n' || code == '\t' || !steers_terminal(code));
}

std::string hex_escapes(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return text;
}

constexpr std::size_t max_log_bytes = 8192;
constexpr int max_log_lines = 40;
constexpr std::string_view hidden = "***";
constexpr std::string_view ends_of_authority = "/?#\"'<> \t\r\n";
constexpr std::string_view ends_of_value = "&;,\"'<> \t\r\n";

/** Where the last lines of a log begin. */
std::size_t beginning_of_end(std::string_view log) {
  auto from = log.size() - std::min(log.size(), max_log_bytes);
  if (from > 0) {
    const auto line = log.find('\n', from);
    // One line may be longer than all that is shown.
    if (line != log.npos && line + 1 < log.size()) from = line + 1;
  }
  while (from < log.size() && from > 0 && (static_cast<unsigned char>(log[from]) & 0xc0U) == 0x80) {
    ++from;
  }
  auto end = log.size();
  if (end > from && log[end - 1] == '\n') --end;
  for (int lines = 0; end > from && lines < max_log_lines; ++lines) {
    const auto before = log.rfind('\n', end - 1);
    if (before == log.npos || before < from) return from;
    end = before;
  }
  return end > from ? end + 1 : from;
}

/** Replaces what is between the last colon before an @ and that @, in what follows a "//". */
void hide_in_authority(std::string& text, std::size_t from) {
  const auto end = std::min(text.find_first_of(ends_of_authority, from), text.size());
  const auto authority = std::string_view(text).substr(from, end - from);
  const auto at = authority.rfind('@');
  const auto colon = authority.find(':');
  if (at == authority.npos || colon == authority.npos || colon > at) return;
  text.replace(from + colon + 1, at - colon - 1, hidden);
}

/** One character as it is shown in a line. */
std::string shown(const Character& character, std::string_view text) {
  if (character.code == '\n') return "\\n";
  if (character.code == '\0') return "?";
  if (character.valid && steers_terminal(character.code)) return hex_escape(character);
  return std::string(text.substr(0, character.length));
}

constexpr std::size_t max_file_name = 120;

bool stays(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || (c == '.' && !first);
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

std::string hex_escape(const Character& character) {
  const auto code = static_cast<unsigned>(character.code);
  const bool is_byte = !character.valid || code < 0x80;
  return is_byte ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
}

std::string TerminalText::add(std::string_view bytes) {
  waiting_ += bytes;
  std::string text;
  std::string_view rest = waiting_;
  while (!rest.empty()) {
    const auto character = first_character(rest);
    if (character.cut) break;
    const auto part = rest.substr(0, character.length);
    text += is_harmless(character) ? std::string(part) : hex_escapes(part);
    rest.remove_prefix(character.length);
  }
  waiting_ = std::string(rest);
  return text;
}

std::string TerminalText::finish() {
  return hex_escapes(std::exchange(waiting_, {}));
}

std::string without_passwords(std::string_view text) {
  std::string clean(text);
  for (auto at = clean.find("//"); at != clean.npos; at = clean.find("//", at + 2)) {
    hide_in_authority(clean, at + 2);
  }
  constexpr std::string_view key = "password=";
  for (auto at = clean.find(key); at != clean.npos; at = clean.find(key, at)) {
    at += key.size();
    const auto end = std::min(clean.find_first_of(ends_of_value, at), clean.size());
    if (end > at) clean.replace(at, end - at, hidden);
  }
  return clean;
}

std::string shown_end(std::string_view log) {
  const auto from = beginning_of_end(log);
  TerminalText harmless;
  auto text = harmless.add(without_passwords(log.substr(from)));
  text += harmless.finish();
  return (from > 0 ? "…\n" : "") + text;
}

std::string shown_line(std::string_view text, std::size_t most) {
  std::string line;
  // What is behind the limit need not be looked at.
  const auto clean = without_passwords(text.substr(0, 2 * most));
  for (std::string_view rest = clean; !rest.empty();) {
    const auto character = first_character(rest);
    const auto next = shown(character, rest);
    if (line.size() + next.size() > most) return line + "…";
    line += next;
    rest.remove_prefix(character.length);
  }
  return line;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string counted(std::int64_t count, const std::string& noun, const std::string& nouns) {
  return std::to_string(count) + " " + (count == 1 ? noun : nouns.empty() ? noun + "s" : nouns);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (auto end = text.find(separator); end != text.npos; end = text.find(separator)) {
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.emplace_back(text);
  return parts;
}

std::vector<std::string> lines_of(std::string_view text) {
  auto lines = split(text, '\n');
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_not_of(
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                          "0123456789_-./:@%+=,") == std::string::npos;
  if (plain) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? R"('\'')" : std::string(1, c);
  return word + "'";
}

std::string_view first_line(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start);
  text = text.substr(0, text.find('\n'));
  return text.substr(0, text.find_last_not_of(" \t\r") + 1);
}

std::string to_file_name(std::string_view text) {
  if (text.empty()) return "%";
  std::string name;
  for (const char c : text) {
    if (stays(c, name.empty())) {
      name += c;
    } else {
      name += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  if (name.size() <= max_file_name) return name;
  const auto mark = fmt::format("~{:08x}", fnv1a(text));
  return name.substr(0, max_file_name - mark.size()) + mark;
}

std::string from_file_name(std::string_view name) {
  if (name == "%") return {};
  std::string text;
  for (std::size_t at = 0; at < name.size(); ++at) {
    unsigned byte = 0;
    const auto digits = name.substr(at, 3);
    if (digits.size() == 3 && digits.front() == '%' &&
        std::from_chars(digits.data() + 1, digits.data() + 3, byte, 16).ptr == digits.data() + 3) {
      text += static_cast<char>(byte);
      at += 2;
    } else {
      text += name[at];
    }
  }
  return to_file_name(text) == name ? text : std::string(name);
}

}  // namespace spider_check
