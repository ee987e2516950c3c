#include "util/zone.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string_view>

#include "util/interface.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

/** Sets TZ while it lives: GCC 12 has no time zones, and the spiders must not inherit this one. */
class ZoneScope : NonCopyable {
 public:
  explicit ZoneScope(const std::string& name) : set_(!name.empty()) {
    if (!set_) return;
    if (const char* before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", name.c_str(), 1);
    ::tzset();
  }

  ~ZoneScope() {
    if (!set_) return;
    before_ ? ::setenv("TZ", before_->c_str(), 1) : ::unsetenv("TZ");
    ::tzset();
  }

 private:
  bool set_;
  std::optional<std::string> before_;
};

std::time_t unix_time(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::string format_tm(const std::tm& time, const char* format) {
  std::array<char, 128> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), format, &time)};
}

/** Whether a character would deceive a reader: it steers, breaks the line or is not seen. */
bool deceives(char32_t code) {
  const bool breaks = code == 0x2028 || code == 0x2029;
  const bool hides = code == 0x200b || (code >= 0x2060 && code <= 0x2064) || code == 0xfeff;
  return steers_terminal(code) || breaks || hides;
}

constexpr std::int64_t day_length = 86'400;
constexpr std::int64_t max_days = 400;

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

std::string Zone::at(TimePoint time) const {
  return format(time, "%Y-%m-%d %H:%M:%S %Z");
}

std::string Zone::format(TimePoint time, const char* format) const {
  const ZoneScope scope(name_);
  const auto count = unix_time(time);
  std::tm local{};
  ::localtime_r(&count, &local);
  return format_tm(local, format);
}

std::string iso_utc(TimePoint time) {
  const auto count = unix_time(time);
  std::tm utc{};
  ::gmtime_r(&count, &utc);
  const auto fraction = time - std::chrono::floor<std::chrono::seconds>(time);
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(fraction).count();
  return fmt::format("{}.{:03}Z", format_tm(utc, "%Y-%m-%dT%H:%M:%S"), milliseconds);
}

std::string printable(const std::string& text) {
  std::string line;
  for (std::string_view rest = text; !rest.empty();) {
    const auto character = first_character(rest);
    if (character.code == '\n') {
      line += "\\n";
    } else if (!character.valid || deceives(character.code)) {
      line += hex_escape(character);
    } else {
      line += rest.substr(0, character.length);
    }
    rest.remove_prefix(character.length);
  }
  return line;
}

std::vector<ZoneOffset> zone_offsets(const Zone& zone, TimePoint from, TimePoint to) {
  const auto end = unix_time(to);
  const auto start = std::max(unix_time(from), end - max_days * day_length);
  auto last = offset_at(zone, std::min(start, end));
  std::vector<ZoneOffset> offsets{last};
  while (last.from < end) {
    const auto next = offset_at(zone, std::min(end, last.from + day_length));
    if (!same(next, last)) offsets.push_back(change_between(zone, last, next));
    last = next;
  }
  return offsets;
}

}  // namespace spider_check
