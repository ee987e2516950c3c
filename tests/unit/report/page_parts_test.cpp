// What the page's JSON is made of: its zone, and series that stay small and look the same.
#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "report/page_data.hpp"
#include "util/zone.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

TimePoint utc(int month, int day, Duration clock) {
  return std::chrono::sys_days(std::chrono::year(2026) / month / day) + clock;
}

std::vector<SeriesPoint> points(std::size_t count, double value) {
  std::vector<SeriesPoint> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    all[i] = {static_cast<double>(i) / static_cast<double>(count), value, Verdict::ok};
  }
  return all;
}

/** The time as a browser makes it of the offsets. */
std::string at(const std::vector<ZoneOffset>& offsets, TimePoint time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  auto found = offsets.front();
  for (const auto& offset : offsets) {
    if (offset.from <= seconds) found = offset;
  }
  const auto text = iso_utc(time + std::chrono::seconds(found.ahead));
  return text.substr(0, 10) + " " + text.substr(11, 8) + " " + found.name;
}

}  // namespace

TEST_CASE("the page's offsets are those of libc, across a change of the clocks") {
  for (const std::string name : {"Europe/Berlin", "America/Bogota", "Asia/Kathmandu",
                                 "Australia/Lord_Howe", "America/St_Johns", "UTC"}) {
    const Zone zone(name);
    const auto now = utc(4, 20, 7h);
    const auto offsets = zone_offsets(zone, now - 720h, now);
    for (auto time = now - 720h; time <= now; time += 29min + 59s) {
      CAPTURE(name);
      CHECK(at(offsets, time) == zone.at(time));
    }
    CHECK(offsets.size() <= 2);
  }
}

TEST_CASE("the clocks change in the very second") {
  const auto offsets = zone_offsets(Zone("Europe/Berlin"), utc(3, 1, 0h), utc(4, 1, 0h));
  CHECK(at(offsets, utc(3, 29, 59min + 59s)) == "2026-03-29 01:59:59 CET");
  CHECK(at(offsets, utc(3, 29, 1h)) == "2026-03-29 03:00:00 CEST");
}

TEST_CASE("a long time ends") {
  const auto offsets =
      zone_offsets(Zone("Europe/Berlin"), TimePoint{} - 24h * 36'500, utc(1, 15, 12h));
  CHECK(at(offsets, utc(1, 15, 12h)) == "2026-01-15 13:00:00 CET");
  CHECK(offsets.size() < 5);
}

TEST_CASE("a page of one instant has a zone, too") {
  const auto offsets = zone_offsets(Zone("America/Bogota"), utc(1, 15, 12h), utc(1, 15, 12h));
  CHECK(at(offsets, utc(1, 15, 12h)) == "2026-01-15 07:00:00 -05");
}

TEST_CASE("usual is what the last good attempts were, twenty at most and from five on") {
  auto all = points(4, 10);
  CHECK(baseline_bands(all).empty());
  all = points(30, 10);
  all[29].value = 20;
  all[3] = {0, 1000, Verdict::failed};
  all[10] = {0, 1000, Verdict::degraded};
  const auto bands = baseline_bands(all);
  REQUIRE(bands.size() == 29 - 4);
  CHECK(bands.front().median == 10);
  CHECK(bands.back().at == all[29].at);
  CHECK(bands.back().low == 10);
  CHECK(bands.back().median == 10);
  CHECK(bands.back().high == 10);
  for (std::size_t i = 15; i < 30; ++i) all[i].value = 40;
  CHECK(baseline_bands(all).back().low == doctest::Approx(32.5));
  CHECK(baseline_bands(all).back().median == 40);
}

TEST_CASE("once a change has lasted it is what is usual") {
  auto all = points(50, 10);
  for (std::size_t i = 20; i < 41; ++i) all[i] = {all[i].at, 2, Verdict::degraded};
  for (std::size_t i = 41; i < 50; ++i) all[i].value = 2;
  const auto bands = baseline_bands(all);
  REQUIRE(bands.size() == 50 - 4);
  for (std::size_t i = 0; i < bands.size(); ++i) {
    CAPTURE(i);
    CHECK(bands[i].median == (i + 4 < 40 ? 10 : 2));
  }
}

TEST_CASE("a series that is thinned out keeps its least, its greatest and what failed") {
  auto all = points(5000, 50);
  all[1234].value = 99;
  all[2345].value = 1;
  all[3456].verdict = Verdict::failed;
  const auto some = thin_out(all, 240);
  CHECK(some.size() <= 240);
  CHECK(some.size() > 60);
  const auto has = [&](auto&& is) { return std::any_of(some.begin(), some.end(), is); };
  CHECK(has([](const SeriesPoint& point) { return point.value == 99; }));
  CHECK(has([](const SeriesPoint& point) { return point.value == 1; }));
  CHECK(has([](const SeriesPoint& point) { return point.verdict == Verdict::failed; }));
  CHECK(std::is_sorted(some.begin(), some.end(),
                       [](const auto& one, const auto& other) { return one.at < other.at; }));
}

TEST_CASE("a short series stays as it is") {
  CHECK(thin_out(points(240, 1), 240).size() == 240);
  CHECK(thin_out(std::vector<SeriesPoint>{}, 240).empty());
  CHECK(thin_out(std::vector<BaselineBand>(500), 60).size() == 60);
  CHECK(thin_out(std::vector<BaselineBand>(5), 60).size() == 5);
}

}  // namespace spider_check
