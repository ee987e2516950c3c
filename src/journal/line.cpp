#include "journal/line.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>

#include "core/hash.hpp"

namespace spider_check::journal {

namespace {

constexpr std::size_t checksum_digits = 8;

std::string checksum(std::string_view record) {
  std::array<char, checksum_digits + 1> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%08x", fnv1a(record));
  return buffer.data();
}

/** Takes "N " off the front. */
std::optional<int> take_version(std::string_view& text) {
  int number = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || at == end || *at != ' ' || number < 1) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()) + 1);
  return number;
}

}  // namespace

std::string to_line(std::string_view record) {
  std::string line = std::to_string(version) + " " + checksum(record) + " ";
  line += record;
  line += '\n';
  return line;
}

Line read_line(std::string_view line) {
  auto rest = line;
  const auto number = take_version(rest);
  if (!number || rest.size() <= checksum_digits || rest[checksum_digits] != ' ') return {};
  const auto sum = rest.substr(0, checksum_digits);
  const auto record = rest.substr(checksum_digits + 1);
  // Every version has a checksum in this place: what is torn is of no version.
  if (checksum(record) != sum) return {};
  return {*number == version ? Line::Kind::good : Line::Kind::foreign, std::string(record)};
}

}  // namespace spider_check::journal
