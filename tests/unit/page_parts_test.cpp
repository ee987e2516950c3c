// What the page is made of: times of its zone, and series that stay small and look the same.
#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "render/page_series.hpp"
#include "render/page_times.hpp"

namespace spider_check::render {

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

}  // namespace

TEST_CASE("the page's times are those that libc would give, across a change of the clocks") {
  for (const std::string name : {"Europe/Berlin", "America/Bogota", "Asia/Kathmandu",
                                 "Australia/Lord_Howe", "America/St_Johns", "UTC"}) {
    const Zone zone(name);
    const auto now = utc(4, 20, 7h);
    const PageTimes times(zone, now - 720h, now);
    for (auto time = now - 720h; time <= now; time += 29min + 59s) {
      CAPTURE(name);
      CHECK(times.at(time) == zone.format(time, "%Y-%m-%d %H:%M:%S"));
      CHECK(times.clock(time) == zone.format(time, "%H:%M"));
    }
    CHECK(times.offsets().size() <= 2);
  }
}

TEST_CASE("the clocks change in the very second") {
  const PageTimes times(Zone("Europe/Berlin"), utc(3, 1, 0h), utc(4, 1, 0h));
  CHECK(times.at(utc(3, 29, 59min + 59s)) == "2026-03-29 01:59:59");
  CHECK(times.at(utc(3, 29, 1h)) == "2026-03-29 03:00:00");
  CHECK(times.element(utc(3, 29, 1h)).find("03:00:00 CEST</time>") != std::string::npos);
}

TEST_CASE("what is outside of the page's time has the nearer offset, and a long time ends") {
  const PageTimes times(Zone("Europe/Berlin"), TimePoint{} - 24h * 36'500, utc(1, 15, 12h));
  CHECK(times.at(utc(1, 15, 12h)) == "2026-01-15 13:00:00");
  CHECK(times.at(TimePoint{} - 1s).size() == 19);
  CHECK(times.offsets().size() < 5);
}

TEST_CASE("a page of one instant has a zone, too") {
  const PageTimes times(Zone("America/Bogota"), utc(1, 15, 12h), utc(1, 15, 12h));
  CHECK(times.at(utc(1, 15, 12h)) == "2026-01-15 07:00:00");
}

TEST_CASE("how long ago, and how long until") {
  const PageTimes times(Zone("UTC"), utc(1, 15, 10h), utc(1, 15, 12h));
  CHECK(times.relative(utc(1, 15, 10h)) ==
        "<span class=\"ago\" data-t=\"1768471200\">2 h ago</span>");
  CHECK(times.relative(utc(1, 15, 13h)) ==
        "<span class=\"ago\" data-t=\"1768482000\">in 1 h</span>");
}

TEST_CASE("a day by its name") {
  CHECK(PageTimes::day(0) == "Thu 1 Jan");
  CHECK(PageTimes::day(-1) == "Wed 31 Dec");
  CHECK(PageTimes::day(20'783) == "Thu 26 Nov");
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

}  // namespace spider_check::render
