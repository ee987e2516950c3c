#include "db/values.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>

namespace spider_check::db {

namespace {

long long to_number(std::string_view digits, const std::string& text) {
  long long number = 0;
  const auto* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, number);
  if (error == std::errc{} && at == end) return number;
  throw std::invalid_argument("not a time: " + text);
}

std::string count(TimePoint time) {
  return std::to_string(time.time_since_epoch().count());
}

}  // namespace

std::string to_microseconds(const std::string& expression) {
  // Not greatest() and least(), which pass over NULL.
  return "(CASE WHEN " + expression + " > timestamptz '9999-01-01 UTC' THEN " +
         count(infinitely_far) + " WHEN " + expression + " < timestamptz '0001-01-01 UTC' THEN " +
         count(infinitely_old) + " ELSE (extract(epoch from " + expression +
         ") * 1000000)::bigint END)";
}

std::string took_in_microseconds(const std::string& alias) {
  // Nothing can be taken from infinity.
  const auto from = alias + "started_at";
  const auto to = alias + "finished_at";
  return interval_in_microseconds("CASE WHEN isfinite(" + from + ") AND isfinite(" + to +
                                  ") THEN " + to + " - " + from + " ELSE interval '0' END");
}

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

}  // namespace spider_check::db
