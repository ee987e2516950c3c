#include "db/encoding.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

#include "core/utf8.hpp"
#include "db/session.hpp"

namespace spider_check::db {

namespace {

constexpr std::string_view escape_mark = "\\u";
constexpr std::size_t hex_digits = 4;

void append_unit(std::string& text, std::string_view before, char32_t unit) {
  std::array<char, 8> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04x", static_cast<unsigned>(unit));
  text += before;
  text += buffer.data();
}

/** The unit of UTF-16 that stands at the start of the text, as it is written by append_unit(). */
std::optional<char32_t> unit_at(std::string_view text) {
  if (!text.starts_with(escape_mark) || text.size() < escape_mark.size() + hex_digits)
    return std::nullopt;
  unsigned unit = 0;
  const auto* start = text.data() + escape_mark.size();
  const auto [end, error] = std::from_chars(start, start + hex_digits, unit, 16);
  if (error != std::errc{} || end != start + hex_digits || unit < 0x80) return std::nullopt;
  return unit;
}

void append_character(std::string& text, char32_t code) {
  const auto add = [&](char32_t byte) { text += static_cast<char>(byte); };
  const auto tail = [&](unsigned shift) { add(0x80U | ((code >> shift) & 0x3fU)); };
  if (code < 0x800) {
    add(0xc0U | (code >> 6U));
  } else if (code < 0x10000) {
    add(0xe0U | (code >> 12U));
    tail(6);
  } else {
    add(0xf0U | (code >> 18U));
    tail(12);
    tail(6);
  }
  tail(0);
}

bool is_first_half(char32_t unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}

bool is_second_half(char32_t unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

}  // namespace

std::string escaped(std::string_view text, std::string_view before) {
  std::string result;
  while (!text.empty()) {
    const auto character = first_character(text);
    const auto code = character.code;
    if (code < 0x80) {
      result += static_cast<char>(code);
    } else if (code < 0x10000) {
      append_unit(result, before, code);
    } else {
      append_unit(result, before, 0xd800 + ((code - 0x10000) >> 10U));
      append_unit(result, before, 0xdc00 + ((code - 0x10000) & 0x3ffU));
    }
    text.remove_prefix(character.length);
  }
  return result;
}

std::string unescaped(std::string_view text) {
  constexpr auto length = escape_mark.size() + hex_digits;
  std::string result;
  while (!text.empty()) {
    const auto unit = unit_at(text);
    const auto next = unit && is_first_half(*unit) ? unit_at(text.substr(length)) : std::nullopt;
    if (!unit) {
      result += text.front();
    } else if (next && is_second_half(*next)) {
      append_character(result, 0x10000 + ((*unit - 0xd800) << 10U) + (*next - 0xdc00));
    } else {
      append_character(result, *unit);
    }
    text.remove_prefix(!unit ? 1 : next && is_second_half(*next) ? 2 * length : length);
  }
  return result;
}

bool keeps_every_text(soci::session& sql) {
  const char* encoding = PQparameterStatus(connection_of(sql), "server_encoding");
  const std::string_view name = encoding != nullptr ? encoding : "UTF8";
  return name == "UTF8" || name == "SQL_ASCII";
}

std::string to_kept(soci::session& sql, const std::string& text) {
  return keeps_every_text(sql) ? text : escaped(text);
}

std::string to_kept_quoted(soci::session& sql, const std::string& text) {
  return keeps_every_text(sql) ? text : escaped(text, "\\\\u");
}

std::string from_kept(soci::session& sql, const std::string& text) {
  return keeps_every_text(sql) ? text : unescaped(text);
}

}  // namespace spider_check::db
