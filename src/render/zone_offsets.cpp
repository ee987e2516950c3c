#include "render/zone_offsets.hpp"

#include <algorithm>
#include <cstdlib>

namespace spider_check::render {

namespace {

constexpr std::int64_t day_length = 86'400;
constexpr std::int64_t max_days = 400;

std::int64_t unix_seconds(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

ZoneOffset offset_at(const Zone& zone, std::int64_t seconds) {
  const auto text = zone.format(TimePoint(std::chrono::seconds(seconds)), "%z %Z");
  if (text.size() < 6) return {seconds, 0, "UTC"};
  const auto ahead =
      std::atoi(text.substr(1, 2).c_str()) * 3600 + std::atoi(text.substr(3, 2).c_str()) * 60;
  return {seconds, text.front() == '-' ? -ahead : ahead, text.substr(6)};
}

bool same(const ZoneOffset& one, const ZoneOffset& other) {
  return one.ahead == other.ahead && one.name == other.name;
}

/** The first instant after `one` that is as `other`. */
ZoneOffset change_between(const Zone& zone, const ZoneOffset& one, const ZoneOffset& other) {
  auto before = one.from;
  auto after = other;
  while (after.from - before > 1) {
    const auto middle = offset_at(zone, before + (after.from - before) / 2);
    if (same(middle, one)) {
      before = middle.from;
    } else {
      after = middle;
    }
  }
  return after;
}

}  // namespace

std::vector<ZoneOffset> zone_offsets(const Zone& zone, TimePoint from, TimePoint to) {
  const auto end = unix_seconds(to);
  const auto start = std::max(unix_seconds(from), end - max_days * day_length);
  auto last = offset_at(zone, std::min(start, end));
  std::vector<ZoneOffset> offsets{last};
  while (last.from < end) {
    const auto next = offset_at(zone, std::min(end, last.from + day_length));
    if (!same(next, last)) offsets.push_back(change_between(zone, last, next));
    last = next;
  }
  return offsets;
}

}  // namespace spider_check::render
