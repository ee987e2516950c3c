#include "db/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "db/refusal.hpp"
#include "db/session.hpp"
#include "outbox/record_json.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

long long to_number(std::string_view digits, const std::string& text) {
  long long number = 0;
  const auto* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, number);
  if (error == std::errc{} && at == end) return number;
  throw std::invalid_argument("not a time: " + text);
}

}  // namespace

TimePoint from_seconds(const std::string& text) {
  if (text == "Infinity") return infinitely_far;
  if (text == "-Infinity") return infinitely_old;
  const auto point = std::min(text.find('.'), text.size());
  const auto whole = std::chrono::seconds{to_number(std::string_view(text).substr(0, point), text)};
  auto decimals = text.substr(std::min(point + 1, text.size()));
  decimals.resize(6, '0');
  const auto part = std::chrono::microseconds{to_number(decimals, text)};
  if (whole > std::chrono::floor<std::chrono::seconds>(infinitely_far.time_since_epoch())) {
    return infinitely_far;
  }
  if (whole < std::chrono::ceil<std::chrono::seconds>(infinitely_old.time_since_epoch())) {
    return infinitely_old;
  }
  return TimePoint(text.front() == '-' ? whole - part : whole + part);
}

std::optional<TimePoint> optional_time(const soci::row& row, std::size_t column) {
  if (row.get_indicator(column) == soci::i_null) return std::nullopt;
  return from_seconds(row.get<std::string>(column));
}

std::string with_literal(PGconn* connection, std::string statement, const std::string& name,
                         const std::string& text) {
  const std::unique_ptr<char, void (*)(void*)> quoted(
      PQescapeLiteral(connection, text.data(), text.size()), &PQfreemem);
  if (!quoted) throw DbError(DbError::Kind::data, one_line(PQerrorMessage(connection)));
  const std::string_view literal = quoted.get();
  const auto variable = ":'" + name + "'";
  for (auto at = statement.find(variable); at != std::string::npos;
       at = statement.find(variable, at + literal.size())) {
    statement.replace(at, variable.size(), literal);
  }
  return statement;
}

std::string to_array_literal(const std::vector<std::string>& texts) {
  std::string literal = "{";
  for (const auto& text : texts) {
    if (literal.size() > 1) literal += ',';
    literal += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') literal += '\\';
      literal += c;
    }
    literal += '"';
  }
  return literal + "}";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

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

}  // namespace spider_check
