#include "clock.hpp"

#include <chrono>
#include <ctime>

#include <sys/syscall.h>
#include <unistd.h>

namespace spider_check::test {

using namespace std::chrono_literals;

ModelClock& model_clock() {
  static ModelClock clock;
  return clock;
}

namespace {

timespec to_timespec(std::chrono::nanoseconds time) {
  timespec spec{};
  spec.tv_sec = static_cast<time_t>(time / 1s);
  spec.tv_nsec = static_cast<long>((time % 1s).count());
  return spec;
}

}  // namespace

}  // namespace spider_check::test

// These stand before the C library's, for libstdc++ and for whatever else asks.

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const auto& model = spider_check::test::model_clock();
  if (clock == CLOCK_MONOTONIC && model.now) {
    *time = spider_check::test::to_timespec(model.now());
    return 0;
  }
  return static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
}

extern "C" int nanosleep(const timespec* time, timespec* rest) {
  using namespace std::chrono;
  const auto& model = spider_check::test::model_clock();
  if (!model.sleep) return static_cast<int>(::syscall(SYS_nanosleep, time, rest));
  model.sleep(
      duration_cast<spider_check::Duration>(seconds(time->tv_sec) + nanoseconds(time->tv_nsec)));
  return 0;
}

extern "C" int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* rest) {
  if (flags == 0) return ::nanosleep(time, rest);
  return static_cast<int>(::syscall(SYS_clock_nanosleep, clock, flags, time, rest));
}
