#include "core/size.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace spider_check {

namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 9> size_units{
    {{"B", 1},
     {"kB", 1'000},
     {"MB", 1'000'000},
     {"GB", 1'000'000'000},
     {"TB", 1'000'000'000'000},
     {"KiB", std::int64_t{1} << 10U},
     {"MiB", std::int64_t{1} << 20U},
     {"GiB", std::int64_t{1} << 30U},
     {"TiB", std::int64_t{1} << 40U}}};

}  // namespace

std::optional<std::int64_t> parse_size(std::string_view text) {
  std::int64_t number = 0;
  const auto* last = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  std::string_view unit(at, static_cast<std::size_t>(last - at));
  if (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  for (const auto& [name, bytes] : size_units) {
    if (unit != name) continue;
    if (number > std::numeric_limits<std::int64_t>::max() / bytes) return std::nullopt;
    return number * bytes;
  }
  return std::nullopt;
}

std::string size_words(std::int64_t bytes) {
  std::size_t unit = 0;
  while (unit < 4 && bytes >= size_units[unit + 1].second) ++unit;
  const auto tenths =
      bytes / (size_units[unit].second / (unit == 0 ? 1 : 10)) * (unit == 0 ? 10 : 1);
  auto text = std::to_string(tenths / 10);
  if (tenths % 10 != 0 && tenths < 1000) text += "." + std::to_string(tenths % 10);
  return text + " " + std::string(size_units[unit].first);
}

}  // namespace spider_check
