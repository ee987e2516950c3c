#include "util/time.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <utility>

namespace spider_check {

using namespace std::chrono_literals;

namespace {

struct Unit {
  std::string_view name;
  Duration length;
};

// Largest first, so that "1h30m" reads in order and "30m1h" is refused as the slip that it is.
constexpr std::array<Unit, 5> duration_units{
    {{"d", 24h}, {"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}}};

constexpr Duration max_duration = 10'000 * std::chrono::hours(24);

std::string_view take_letters(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] >= 'a' && text[length] <= 'z') ++length;
  const auto letters = text.substr(0, length);
  text.remove_prefix(length);
  return letters;
}

std::optional<std::int64_t> take_number(std::string_view& text) {
  // The sign is looked at here because from_chars would take a minus.
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::string part(std::int64_t number, std::string_view unit) {
  return std::to_string(number) + std::string(unit);
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Duration sum{0};
  std::size_t next_unit = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    const auto name = take_letters(text);
    if (!number) return std::nullopt;
    while (next_unit < duration_units.size() && duration_units[next_unit].name != name) ++next_unit;
    if (next_unit == duration_units.size()) return std::nullopt;
    const auto unit = duration_units[next_unit++].length;
    if (*number > max_duration / unit) return std::nullopt;
    sum += *number * unit;
    if (sum > max_duration) return std::nullopt;
  }
  return sum;
}

std::string to_text(Duration duration) {
  if (duration < 0s) return "-" + to_text(-duration);
  std::string text;
  for (const auto& unit : duration_units) {
    if (const auto count = duration / unit.length; count > 0) {
      text += part(count, unit.name);
      duration -= count * unit.length;
    }
  }
  return text.empty() ? "0s" : text;
}

std::string to_words(Duration duration) {
  if (duration < 0s) return "-" + to_words(-duration);
  if (duration < 10s) {
    std::array<char, 32> buffer{};
    const auto tenths = duration / 100ms;
    std::snprintf(buffer.data(), buffer.size(), "%lld.%lld s", static_cast<long long>(tenths / 10),
                  static_cast<long long>(tenths % 10));
    return buffer.data();
  }
  static constexpr std::array<Unit, 4> spoken{
      {{" d", 24h}, {" h", 1h}, {" min", 1min}, {" s", 1s}}};
  for (std::size_t i = 0; i < spoken.size(); ++i) {
    const auto count = duration / spoken[i].length;
    if (count == 0) continue;
    auto text = part(count, spoken[i].name);
    const auto rest = duration - count * spoken[i].length;
    if (i + 1 < spoken.size() && rest >= spoken[i + 1].length) {
      text += " " + part(rest / spoken[i + 1].length, spoken[i + 1].name);
    }
    return text;
  }
  return "0 s";
}

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

using namespace std::chrono_literals;

namespace {

// The two clocks are not read at one instant: less than this is no sleep.
constexpr Duration noise = 1s;

// A boot is over by then: the network, and a database on this host, are up or will not come up.
constexpr Duration long_after_boot = 15min;

}  // namespace

std::optional<Duration> age(const HostTime& then, const HostTime& now) {
  if (then.boot_id == now.boot_id) return now.since_boot - then.since_boot;
  const auto age = now.wall - then.wall;
  // It was before this boot: else the clock was set back since.
  if (age < now.since_boot) return std::nullopt;
  return age;
}

Duration least_age(const HostTime& then, const HostTime& now) {
  return age(then, now).value_or(now.since_boot);
}

HostTime earlier(HostTime time, Duration by) {
  time.since_boot -= by;
  time.wall -= by;
  return time;
}

bool woke_between(const HostTime& then, const HostTime& now) {
  if (then.boot_id != now.boot_id) return now.since_boot < long_after_boot;
  return now.asleep - then.asleep >= noise;
}

}  // namespace spider_check
