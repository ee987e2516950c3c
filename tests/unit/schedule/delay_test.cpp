#include "schedule/delay.hpp"

#include <doctest/doctest.h>

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

using Found = std::vector<Delay>;

/** So long after this boot, having slept so much of it. */
HostTime host(Duration since_boot, Duration asleep = 0s, const std::string& boot = "this") {
  return {boot, since_boot, asleep, TimePoint{} + 1000h + since_boot};
}

}  // namespace

TEST_CASE("a run in time was hindered by nothing") {
  CHECK(delays(0s, host(1h), host(0h), {}).empty());
  CHECK(delays(30s, host(10s), host(0h, 0s, "former"), {}).empty());
}

TEST_CASE("a host that has booted since the run was due was off until then") {
  CHECK(delays(6h, host(2min), host(50h, 0s, "former"), {}) ==
        Found{{DelayCause::off, 6h, 2min, ""}});
  CHECK(delays(6h, host(7h), host(50h, 0s, "former"), {}).empty());
}

TEST_CASE("time asleep since the schedule was last seen was just now, and no longer than late") {
  CHECK(delays(6h, host(50h, 10h), host(40h, 8h), {}) ==
        Found{{DelayCause::suspended, 2h, 0s, ""}});
  CHECK(delays(6h, host(50h, 18h), host(40h, 8h), {}) ==
        Found{{DelayCause::suspended, 6h, 0s, ""}});
  CHECK(delays(6h, host(50h, 8h), host(40h, 8h), {}).empty());
}

TEST_CASE("off, and asleep after it") {
  CHECK(delays(9h, host(5h, 3h), host(40h, 8h, "former"), {}) ==
        Found{{DelayCause::off, 9h, 5h, ""}, {DelayCause::suspended, 3h, 0s, ""}});
}

TEST_CASE("what was noted counts from then on; disabled before everything else") {
  const std::vector<NotedDelay> noted{{DelayCause::deferred, host(48h), "no network"},
                                      {DelayCause::disabled, host(45h), ""}};
  CHECK(delays(6h, host(50h, 1h), host(40h), noted) ==
        Found{{DelayCause::disabled, 5h, 0s, ""},
              {DelayCause::suspended, 1h, 0s, ""},
              {DelayCause::deferred, 2h, 0s, "no network"}});
}

TEST_CASE("each cause has its word") {
  for (const auto cause :
       {DelayCause::unknown, DelayCause::off, DelayCause::suspended, DelayCause::disabled,
        DelayCause::database_away, DelayCause::deferred, DelayCause::failing}) {
    CHECK(parse_delay_cause(to_text(cause)) == cause);
  }
  CHECK_FALSE(parse_delay_cause("asleep"));
}

}  // namespace spider_check::test
