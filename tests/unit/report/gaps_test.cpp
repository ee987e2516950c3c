#include <algorithm>

#include <doctest/doctest.h>

#include "report/report.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

using Gaps = std::vector<Gap>;
using Runs = std::vector<RunRecord>;

const TimePoint start{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20}};

TimePoint at(Duration after) {
  return start + after;
}

/** A run that completed at once. */
RunRecord completed(Duration started, std::optional<Duration> late = {}) {
  RunRecord record;
  record.run.id = 1;
  record.run.status = RunStatus::completed;
  record.run.started = at(started);
  record.run.finished = at(started + 5min);
  record.run.spider_count = 3;
  record.late = late;
  return record;
}

RunRecord failed(Duration started, const std::string& why) {
  auto record = completed(started);
  record.run.status = RunStatus::failed;
  record.run.failure = why;
  return record;
}

RunRecord running(Duration started, std::optional<Duration> late = {}) {
  auto record = completed(started, late);
  record.run.status = RunStatus::running;
  record.run.finished.reset();
  return record;
}

/** The gaps of these runs, which are given the oldest first. */
Gaps find(Runs runs, Duration now, const std::vector<Delay>& current = {}, Duration since = -240h) {
  std::reverse(runs.begin(), runs.end());
  return find_gaps(runs, {}, at(since), at(now), current);
}

}  // namespace

TEST_CASE("runs that follow each other within the interval and a tick leave no gap") {
  CHECK(find({}, 100h).empty());
  CHECK(find({completed(0h), completed(4h + 5min), completed(8h + 10min)}, 12h).empty());
  CHECK(find({completed(0h)}, 4h + 9min).empty());
}

TEST_CASE("a late run without a reason leaves a gap of unknown cause, from when it was due") {
  CHECK(find({completed(0h), completed(9h)}, 10h) ==
        Gaps{{at(4h), at(9h), DelayCause::unknown, "", false}});
  // The interval was shorter then, as the run itself says.
  CHECK(find({completed(0h), completed(9h, 7h)}, 10h) ==
        Gaps{{at(2h), at(9h), DelayCause::unknown, "", false}});
}

TEST_CASE("what kept a run from starting explains its part of the time, first come first served") {
  auto late = completed(10h, 6h);
  late.delays = {{DelayCause::off, 6h, 2h, ""}, {DelayCause::deferred, 3h, 0h, "no network"}};
  CHECK(find({completed(0h), late}, 11h) ==
        Gaps{{at(8h), at(10h), DelayCause::deferred, "no network", false},
             {at(4h), at(8h), DelayCause::off, "", false}});
}

TEST_CASE("the few minutes until the next tick are no gap of their own") {
  auto late = completed(10h, 6h);
  late.delays = {{DelayCause::off, 6h, 5min, ""}};
  CHECK(find({completed(0h), late}, 11h) ==
        Gaps{{at(4h), at(10h) - 5min, DelayCause::off, "", false}});
}

TEST_CASE("a run that failed is failing from then on, until one succeeds") {
  CHECK(find({completed(0h), failed(4h, "a failed"), completed(9h)}, 10h) ==
        Gaps{{at(4h), at(9h), DelayCause::failing, "a failed", false}});
  CHECK(find({completed(0h), failed(4h, "a failed")}, 10h) ==
        Gaps{{at(4h), at(10h), DelayCause::failing, "a failed", true}});
}

TEST_CASE("a run that succeeded at its third attempt was failing until that one") {
  auto third = completed(4h);
  third.run.attempt = 3;
  third.run.finished = at(5h);
  CHECK(find({completed(0h), third}, 6h) == Gaps{{at(4h), at(5h), DelayCause::failing, "", false}});
}

TEST_CASE("off first and failing afterwards are two gaps") {
  auto late = failed(10h, "a failed");
  late.late = 6h;
  late.delays = {{DelayCause::off, 6h, 1min, ""}};
  CHECK(find({completed(0h), late}, 12h) ==
        Gaps{{at(10h), at(12h), DelayCause::failing, "a failed", true},
             {at(4h), at(10h) - 1min, DelayCause::off, "", false}});
}

TEST_CASE("a run that was forced and failed while the data was fresh is no gap") {
  CHECK(find({completed(0h), failed(1h, "x")}, 3h).empty());
  CHECK(find({completed(0h), failed(1h, "x")}, 6h) ==
        Gaps{{at(4h), at(6h), DelayCause::failing, "x", true}});
}

TEST_CASE("partial runs make nothing fresh, and a run that goes on makes an end of it") {
  auto partial = completed(6h);
  partial.run.partial = true;
  CHECK(find({completed(0h), partial}, 8h) ==
        Gaps{{at(4h), at(8h), DelayCause::unknown, "", true}});
  CHECK(find({completed(0h), running(4h)}, 5h).empty());
}

TEST_CASE("while the run that makes up for a gap goes on, the gap has been until its start") {
  auto late = running(20h, 16h);
  late.delays = {{DelayCause::off, 16h, 5min, ""}};
  CHECK(find({completed(0h), late}, 21h) ==
        Gaps{{at(4h), at(20h) - 5min, DelayCause::off, "", false}});
}

TEST_CASE("a failed run that is tried again is a gap that goes on") {
  auto again = running(4h);
  again.run.attempt = 2;
  CHECK(find({completed(0h), again}, 6h) == Gaps{{at(4h), at(6h), DelayCause::failing, "", true}});
  auto later = running(8h);
  later.run.attempt = 2;
  CHECK(find({completed(0h), failed(4h, "site down"), later}, 9h) ==
        Gaps{{at(4h), at(9h), DelayCause::failing, "site down", true}});
}

TEST_CASE("a gap that lasts still is explained by what keeps runs from starting now") {
  CHECK(find({completed(0h)}, 8h, {{DelayCause::disabled, 3h, 0h, ""}}) ==
        Gaps{{at(5h), at(8h), DelayCause::disabled, "", true},
             {at(4h), at(5h), DelayCause::unknown, "", false}});
}

TEST_CASE("gaps begin where the history does") {
  CHECK(find({completed(0h), completed(9h)}, 10h, {}, 6h) ==
        Gaps{{at(6h), at(9h), DelayCause::unknown, "", false}});
  CHECK(find({completed(0h), completed(9h)}, 10h, {}, 9h).empty());
}

TEST_CASE("a power cut and a stop are causes of their own, and not the spiders'") {
  const std::string power = "interrupted: laptop was switched off, or lost its power";
  CHECK(find({completed(0h), failed(4h, power), completed(12h)}, 13h) ==
        Gaps{{at(4h), at(12h), DelayCause::off, "", false}});
  CHECK(find({completed(0h), failed(4h, "interrupted by SIGINT"), failed(8h, "1 of 3")}, 12h) ==
        Gaps{{at(8h), at(12h), DelayCause::failing, "1 of 3", true},
             {at(4h), at(8h), DelayCause::stopped, "interrupted by SIGINT", false}});
  // A run that was tried again has its first failure among its faults.
  auto again = completed(4h);
  again.run.attempt = 2;
  again.run.finished = at(6h);
  CHECK(find({completed(0h), again}, 7h).front().cause == DelayCause::failing);
  again.faults = {of_attempt(1) + power};
  CHECK(find({completed(0h), again}, 7h) == Gaps{{at(4h), at(6h), DelayCause::off, "", false}});
  // While it goes on, its spiders tell.
  auto goes_on = running(4h);
  goes_on.run.attempt = 2;
  goes_on.failed = goes_on.stopped = 1;
  CHECK(find({completed(0h), goes_on}, 7h).front().cause == DelayCause::stopped);
  goes_on.failed = 2;
  CHECK(find({completed(0h), goes_on}, 7h).front().cause == DelayCause::failing);
}

}  // namespace spider_check::test
