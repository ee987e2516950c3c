#include "core/shown_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/terminal_text.hpp"
#include "core/utf8.hpp"

namespace spider_check {

namespace {

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

std::string escaped(const Character& character) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), character.code < 0x80 ? "\\x%02x" : "\\u%04x",
                static_cast<unsigned>(character.code));
  return buffer.data();
}

/** One character as it is shown in a line. */
std::string shown(const Character& character, std::string_view text) {
  if (character.code == '\n') return "\\n";
  if (character.code == '\0') return "?";
  if (character.valid && steers_terminal(character.code)) return escaped(character);
  return std::string(text.substr(0, character.length));
}

}  // namespace

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

}  // namespace spider_check
