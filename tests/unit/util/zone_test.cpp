#include "util/zone.hpp"

#include <cstdlib>
#include <ctime>
#include <optional>

#include <doctest/doctest.h>

namespace spider_check {

using namespace std::chrono_literals;

namespace {

/** An instant in UTC. */
TimePoint utc(std::chrono::year_month_day day, Duration time = Duration{0}) {
  return std::chrono::sys_days(day) + time;
}

using std::chrono::day;
using std::chrono::month;
using std::chrono::year;

constexpr auto spring = year(2026) / 3 / 29;  ///< when Berlin's clocks go forward
constexpr auto autumn = year(2026) / 10 / 25;

/** Sets TZ for one test and puts back what was there. */
class ScopedTz {
 public:
  explicit ScopedTz(const char* value) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    set(value);
  }

  ScopedTz(const ScopedTz&) = delete;
  ScopedTz& operator=(const ScopedTz&) = delete;
  ScopedTz(ScopedTz&&) = delete;
  ScopedTz& operator=(ScopedTz&&) = delete;

  ~ScopedTz() { set(before_ ? before_->c_str() : nullptr); }

 private:
  static void set(const char* value) {
    if (value != nullptr) {
      ::setenv("TZ", value, 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }

  std::optional<std::string> before_;
};

/** What libc makes of the hour that is noon in UTC, without a word from us. */
int local_hour_of_noon() {
  const std::time_t noon = 12 * 3600;
  std::tm local{};
  ::localtime_r(&noon, &local);
  return local.tm_hour;
}

}  // namespace

TEST_CASE("an instant is written as people in the zone read it") {
  const auto time = utc(year(2026) / 11 / 23, 20h + 20min + 1s);
  CHECK(Zone("UTC").at(time) == "2026-11-23 20:20:01 UTC");
  CHECK(Zone("America/Bogota").at(time) == "2026-11-23 15:20:01 -05");
  CHECK(Zone("Europe/Berlin").at(time) == "2026-11-23 21:20:01 CET");
  CHECK(Zone("Asia/Kathmandu").at(time) == "2026-11-24 02:05:01 +0545");
}

TEST_CASE("daylight saving time begins and ends at its very second") {
  const Zone berlin("Europe/Berlin");
  CHECK(berlin.at(utc(spring, 1h - 1s)) == "2026-03-29 01:59:59 CET");
  CHECK(berlin.at(utc(spring, 1h)) == "2026-03-29 03:00:00 CEST");
  CHECK(berlin.at(utc(autumn, 1h - 1s)) == "2026-10-25 02:59:59 CEST");
  CHECK(berlin.at(utc(autumn, 1h)) == "2026-10-25 02:00:00 CET");
}

TEST_CASE("fractions of a second are dropped towards the past") {
  CHECK(Zone("UTC").at(utc(spring, 999'999us)) == "2026-03-29 00:00:00 UTC");
  CHECK(Zone("UTC").at(TimePoint(-1us)) == "1969-12-31 23:59:59 UTC");
}

TEST_CASE("an instant is written in any format of strftime") {
  CHECK(Zone("America/Bogota").format(utc(spring, 3h), "%a %d %H:%M %z") == "Sat 28 22:00 -0500");
}

TEST_CASE("without a name it is the host's own zone") {
  const ScopedTz tz("Asia/Kathmandu");
  CHECK(Zone("").at(utc(spring)) == "2026-03-29 05:45:00 +0545");
}

TEST_CASE("the TZ that spiders inherit is put back") {
  const ScopedTz tz("Asia/Tokyo");
  (void)Zone("America/Bogota").at(utc(spring));
  CHECK(std::string(std::getenv("TZ")) == "Asia/Tokyo");
  CHECK(local_hour_of_noon() == 21);
}

TEST_CASE("a TZ that was not set is not set afterwards") {
  const ScopedTz tz(nullptr);
  const auto before = local_hour_of_noon();
  (void)Zone("Pacific/Kiritimati").at(utc(spring));
  CHECK(std::getenv("TZ") == nullptr);
  CHECK(local_hour_of_noon() == before);
}

TEST_CASE("programs read UTC with milliseconds, whatever the host's zone") {
  const ScopedTz tz("America/Bogota");

  struct Row {
    TimePoint time;
    std::string text;
  };

  const Row rows[] = {
      {utc(year(2026) / 11 / 23, 20h + 20min + 1s + 123ms), "2026-11-23T20:20:01.123Z"},
      {utc(spring), "2026-03-29T00:00:00.000Z"},
      {utc(spring, 999'999us), "2026-03-29T00:00:00.999Z"},
      {utc(year(2024) / 2 / 29, 23h + 59min + 59s), "2024-02-29T23:59:59.000Z"},
      {utc(year(2040) / 1 / 1), "2040-01-01T00:00:00.000Z"},
      {TimePoint(0us), "1970-01-01T00:00:00.000Z"},
      {TimePoint(-1us), "1969-12-31T23:59:59.999Z"},
  };
  for (const auto& row : rows) CHECK(iso_utc(row.time) == row.text);
}

TEST_CASE("what would steer a terminal or break a line becomes visible") {
  struct Row {
    std::string text;
    std::string line;
  };

  const Row rows[] = {
      {"plain text", "plain text"},
      {"größe 日本", "größe 日本"},
      {"two\nlines", "two\\nlines"},
      {"\r", "\\x0d"},
      {"\t", "\\x09"},
      {"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"},
      {"\x7f", "\\x7f"},
      {std::string(1, '\0'), "\\x00"},
      {"", ""},
  };
  for (const auto& row : rows) CHECK(printable(row.text) == row.line);
}

}  // namespace spider_check
