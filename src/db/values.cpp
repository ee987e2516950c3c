#include "db/values.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "db/refusal.hpp"
#include "db/session.hpp"
#include "outbox/record_json.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

long long to_number(std::string_view digits, const std::string& text) {
  if (const auto number = parse_number<long long>(digits)) return *number;
  throw std::invalid_argument("not a time: " + text);
}

constexpr std::string_view escape_mark = "\\u";
constexpr std::size_t hex_digits = 4;

/** The unit of UTF-16 that stands at the start of the text, as escaped() writes it. */
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

/** In UTF8, or in SQL_ASCII, which looks at no text. */
bool keeps_every_text(soci::session& sql) {
  const char* encoding = PQparameterStatus(connection_of(sql), "server_encoding");
  const std::string_view name = encoding != nullptr ? encoding : "UTF8";
  return name == "UTF8" || name == "SQL_ASCII";
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

std::string escaped(std::string_view text, std::string_view mark) {
  std::string result;
  while (!text.empty()) {
    const auto character = first_character(text);
    const auto code = static_cast<unsigned>(character.code);
    if (code < 0x80) {
      result += static_cast<char>(code);
    } else if (code < 0x10000) {
      result += fmt::format("{}{:04x}", mark, code);
    } else {
      result += fmt::format("{}{:04x}{}{:04x}", mark, 0xd800 + ((code - 0x10000) >> 10U), mark,
                            0xdc00 + ((code - 0x10000) & 0x3ffU));
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
    const bool is_half = unit && *unit >= 0xd800 && *unit < 0xdc00;
    const auto next = is_half ? unit_at(text.substr(length)) : std::nullopt;
    const bool is_pair = next && *next >= 0xdc00 && *next < 0xe000;
    if (unit) {
      append_character(result,
                       is_pair ? 0x10000 + ((*unit - 0xd800) << 10U) + (*next - 0xdc00) : *unit);
    } else {
      result += text.front();
    }
    text.remove_prefix(is_pair ? 2 * length : unit ? length : 1);
  }
  return result;
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
