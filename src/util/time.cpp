#include "util/time.hpp"

#include <array>
#include <limits>
#include <utility>

#include "util/text.hpp"

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

// The two clocks are not read at one instant: less than this is no sleep.
constexpr Duration noise = 1s;

// A boot is over by then: the network, and a database on this host, are up or will not come up.
constexpr Duration long_after_boot = 15min;

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  static constexpr std::string_view digits = "0123456789";
  if (text.empty()) return std::nullopt;
  Duration sum{0};
  const auto* unit = duration_units.begin();
  while (!text.empty()) {
    const auto length = std::min(text.find_first_not_of(digits), text.size());
    const auto number = parse_number<std::int64_t>(text.substr(0, length));
    text.remove_prefix(length);
    const auto name = text.substr(0, text.find_first_of(digits));
    text.remove_prefix(name.size());
    while (unit != duration_units.end() && unit->name != name) ++unit;
    if (!number || unit == duration_units.end() || *number > max_duration / unit->length) return {};
    sum += *number * unit++->length;
    if (sum > max_duration) return std::nullopt;
  }
  return sum;
}

std::string to_text(Duration duration) {
  if (duration < 0s) return "-" + to_text(-duration);
  std::string text;
  for (const auto& unit : duration_units) {
    if (duration >= unit.length) text += fmt::format("{}{}", duration / unit.length, unit.name);
    duration %= unit.length;
  }
  return text.empty() ? "0s" : text;
}

std::string to_words(Duration duration) {
  if (duration < 0s) return "-" + to_words(-duration);
  if (duration < 10s) return fmt::format("{}.{} s", duration / 1s, duration % 1s / 100ms);
  static constexpr std::array<Unit, 4> spoken{
      {{" d", 24h}, {" h", 1h}, {" min", 1min}, {" s", 1s}}};
  std::size_t i = 0;
  while (duration < spoken[i].length) ++i;
  const auto text = fmt::format("{}{}", duration / spoken[i].length, spoken[i].name);
  const auto rest = duration % spoken[i].length;
  if (i + 1 == spoken.size() || rest < spoken[i + 1].length) return text;
  return fmt::format("{} {}{}", text, rest / spoken[i + 1].length, spoken[i + 1].name);
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  const auto length = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number<std::int64_t>(text.substr(0, length));
  auto unit = text.substr(length);
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  for (const auto& [name, bytes] : size_units) {
    if (unit != name) continue;
    if (!number || *number > std::numeric_limits<std::int64_t>::max() / bytes) return std::nullopt;
    return *number * bytes;
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
