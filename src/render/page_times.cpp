#include "render/page_times.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "core/duration.hpp"
#include "render/html.hpp"

namespace spider_check::render {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t day_length = 86'400;
constexpr std::int64_t max_days = 400;

ZoneOffset ask(const Zone& zone, std::int64_t seconds) {
  const auto text = zone.format(TimePoint(std::chrono::seconds(seconds)), "%z %Z");
  if (text.size() < 6) return {seconds, 0, "UTC"};
  const auto ahead =
      std::atoi(text.substr(1, 2).c_str()) * 3600 + std::atoi(text.substr(3, 2).c_str()) * 60;
  return {seconds, text.front() == '-' ? -ahead : ahead, text.substr(6)};
}

bool same(const ZoneOffset& one, const ZoneOffset& other) {
  return one.ahead == other.ahead && one.name == other.name;
}

/** The first instant behind `one` that is as `other`. */
ZoneOffset change_between(const Zone& zone, const ZoneOffset& one, const ZoneOffset& other) {
  auto before = one.from;
  auto after = other;
  while (after.from - before > 1) {
    const auto middle = ask(zone, before + (after.from - before) / 2);
    if (same(middle, one)) {
      before = middle.from;
    } else {
      after = middle;
    }
  }
  return after;
}

std::int64_t floor_days(std::int64_t seconds) {
  return std::chrono::floor<std::chrono::days>(std::chrono::seconds(seconds)).count();
}

std::string print(const char* format, int one, int two, int three) {
  std::array<char, 48> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, one, two, three);
  return buffer.data();
}

std::chrono::year_month_day date_of(std::int64_t day) {
  return std::chrono::sys_days(std::chrono::days(day));
}

}  // namespace

std::int64_t unix_seconds(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

PageTimes::PageTimes(const Zone& zone, TimePoint from, TimePoint now) : now_(now) {
  const auto end = unix_seconds(now);
  const auto start = std::max(unix_seconds(from), end - max_days * day_length);
  auto last = ask(zone, std::min(start, end));
  offsets_.push_back(last);
  while (last.from < end) {
    const auto next = ask(zone, std::min(end, last.from + day_length));
    if (!same(next, last)) offsets_.push_back(change_between(zone, last, next));
    last = next;
  }
}

const ZoneOffset& PageTimes::offset(std::int64_t seconds) const {
  auto found = std::upper_bound(
      offsets_.begin(), offsets_.end(), seconds,
      [](std::int64_t wanted, const ZoneOffset& offset) { return wanted < offset.from; });
  return found == offsets_.begin() ? *found : *std::prev(found);
}

std::int64_t PageTimes::local(TimePoint time) const {
  const auto seconds = unix_seconds(time);
  return seconds + offset(seconds).ahead;
}

std::string PageTimes::at(TimePoint time) const {
  const auto seconds = local(time);
  const auto date = date_of(floor_days(seconds));
  const auto rest = static_cast<int>(seconds - floor_days(seconds) * day_length);
  return print("%04d-%02d-%02d ", static_cast<int>(date.year()),
               static_cast<int>(static_cast<unsigned>(date.month())),
               static_cast<int>(static_cast<unsigned>(date.day()))) +
         print("%02d:%02d:%02d", rest / 3600, rest / 60 % 60, rest % 60);
}

std::string PageTimes::clock(TimePoint time) const {
  return at(time).substr(11, 5);
}

std::string PageTimes::day(std::int64_t day) {
  static constexpr std::array<const char*, 7> weekdays{"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto date = date_of(day);
  const auto weekday = std::chrono::weekday(std::chrono::sys_days(date)).c_encoding();
  return std::string(weekdays.at(weekday)) + " " +
         std::to_string(static_cast<unsigned>(date.day())) + " " +
         months.at(static_cast<unsigned>(date.month()) - 1);
}

std::string PageTimes::relative(TimePoint time) const {
  const auto apart = std::chrono::abs(time - now_);
  const auto words = apart < 1s    ? std::string("now")
                     : time > now_ ? "in " + to_words(apart)
                                   : to_words(apart) + " ago";
  return "<span class=\"ago\" data-t=\"" + std::to_string(unix_seconds(time)) + "\">" + words +
         "</span>";
}

std::string PageTimes::absolute(TimePoint time) const {
  return "<time datetime=\"" + iso_utc(time) + "\">" + at(time) + " " +
         escape_html(offset(unix_seconds(time)).name) + "</time>";
}

std::string PageTimes::element(TimePoint time) const {
  return absolute(time) + " " + relative(time);
}

std::string PageTimes::aged(TimePoint time) const {
  const auto seconds = unix_seconds(time);
  // Without the year where nobody could take it for another one.
  const bool lately = now_ - time < std::chrono::days(300);
  const auto when = lately ? day(floor_days(local(time))) + ", " + clock(time) : at(time);
  return relative(time) + "<br><small><time datetime=\"" + iso_utc(time) + "\" title=\"" +
         at(time) + " " + escape_html(offset(seconds).name) + "\">" + when + "</time></small>";
}

}  // namespace spider_check::render
