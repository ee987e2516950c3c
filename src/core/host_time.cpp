#include "core/host_time.hpp"

namespace spider_check {

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
