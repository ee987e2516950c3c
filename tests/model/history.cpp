#include "history.hpp"

#include <cstdlib>
#include <random>

#include "util/time.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

// The distributions of the standard library differ from one to the other: numbers are made here.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  int below(int limit) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(limit)); }

  template <typename T, std::size_t size>
  T one_of(const T (&choices)[size]) {
    return choices[below(static_cast<int>(size))];
  }

  Duration between(Duration least, Duration most) {
    return least + std::chrono::seconds(below(static_cast<int>((most - least) / 1s) + 1));
  }

 private:
  std::mt19937_64 engine_;
};

/** Now and then in the middle of a run, now and then after a long time. */
Duration pause(Dice& dice) {
  switch (dice.below(4)) {
    case 0:
      return dice.between(0s, 3min);
    case 1:
      return dice.between(1min, 15min);
    case 2:
      return dice.between(10min, 60min);
    default:
      return dice.between(30min, 150min);
  }
}

Duration outage(Dice& dice) {
  switch (dice.below(4)) {
    case 0:
      return dice.between(1s, 30s);
    case 1:
      return dice.between(30s, 5min);
    case 2:
      return dice.between(5min, 60min);
    default:
      return dice.between(1h, 5h);
  }
}

Duration clock_change(Dice& dice) {
  return dice.one_of<Duration>({0h, 0h, 0h, 0h, 1h, -1h, 24h * 365 * 3, -24h * 365 * 3});
}

// The commoner stand here more than once.
constexpr What kinds[] = {
    What::nothing, What::back,    What::boot,    What::boot,     What::boot,     What::off,
    What::off,     What::suspend, What::suspend, What::down,     What::down,     What::down,
    What::cut,     What::cut,     What::fails,   What::fails,    What::works,    What::works,
    What::force,   What::by_hand, What::kill,    What::kill,     What::kill,     What::lose,
    What::lose,    What::stop,    What::slow,    What::slow,     What::interval, What::skip,
    What::run,     What::run,     What::future,  What::attempts, What::wipe,     What::full,
    What::rename,  What::clone,   What::grace,   What::grace,    What::slots,    What::remove,
    What::force,   What::kill,
};

Step make_step(Dice& dice) {
  Step step{pause(dice), dice.one_of(kinds), dice.below(2), dice.below(3), outage(dice)};
  if (step.what == What::boot) step.by = clock_change(dice);
  if (step.what == What::kill || step.what == What::lose) step.number = 1 + dice.below(40);
  if (step.what == What::slow) {
    // Mostly between the first look and the lock, and as long as another host's run.
    step.number = 1 + dice.below(12);
    step.by = dice.between(10s, 5min);
  }
  if (step.what == What::interval) step.by = dice.one_of<Duration>({30min, 60min, 120min});
  if (step.what == What::attempts) step.number = 1 + dice.below(3);
  if (step.what == What::grace) step.by = dice.one_of<Duration>({1s, 60s, 10min});
  if (step.what == What::slots) step.number = 1 + dice.below(2);
  return step;
}

std::string on(const Step& step) {
  return " on " + host_name(step.host);
}

std::string for_a_while(const Step& step) {
  return " for " + to_words(step.by);
}

}  // namespace

Steps make_history(std::uint64_t seed) {
  Dice dice(seed);
  Steps history(static_cast<std::size_t>(4 + dice.below(22)));
  for (auto& step : history) step = make_step(dice);
  return history;
}

std::string host_name(int host) {
  return std::string(1, static_cast<char>('A' + host));
}

std::string spider_name(int spider) {
  return std::string(1, static_cast<char>('a' + spider));
}

std::string time_of_day(Duration since_start) {
  const auto time = since_start + 8h;
  const auto two = [](auto number) {
    return std::string(number < 10 ? "0" : "") + std::to_string(number);
  };
  return "day " + std::to_string(1 + time / 24h) + " " + two(time % 24h / 1h) + ":" +
         two(time % 1h / 1min) + ":" + two(time % 1min / 1s);
}

std::string to_text(const Step& step) {
  const auto host = host_name(step.host);
  switch (step.what) {
    case What::nothing:
      return "nothing happens";
    case What::boot:
      if (step.by == 0s) return host + " is switched on";
      return host + " is switched on, its clock moved " + (step.by < 0s ? "back" : "on") + " by " +
             to_words(std::chrono::abs(step.by));
    case What::off:
      return host + " loses its power";
    case What::suspend:
      return host + " is suspended" + for_a_while(step);
    case What::down:
      return "the database is away" + for_a_while(step);
    case What::cut:
      return "the database is away from " + host + for_a_while(step);
    case What::fails:
      return "spider " + spider_name(step.number) + " fails from now on";
    case What::works:
      return "spider " + spider_name(step.number) + " works from now on";
    case What::force:
      return "a run is forced" + on(step);
    case What::by_hand:
      return "spider " + spider_name(step.number) + " is forced" + on(step);
    case What::kill:
      return "a process will be killed at its act " + std::to_string(step.number) + on(step);
    case What::lose:
      return "a process will lose its connection at its act " + std::to_string(step.number) +
             on(step);
    case What::slow:
      return "a process will have to wait at its act " + std::to_string(step.number) +
             for_a_while(step) + on(step);
    case What::stop:
      return "what runs is told to end" + on(step);
    case What::interval:
      return "the interval is " + to_words(step.by) + " from now on";
    case What::attempts:
      return "max_attempts is " + std::to_string(step.number) + " from now on";
    case What::skip:
      return "on_database_error is skip from now on";
    case What::run:
      return "on_database_error is run from now on";
    case What::future:
      return "a row is written that starts in " + to_words(step.by);
    case What::wipe:
      return "the journal is deleted" + on(step);
    case What::full:
      return "the disk is full" + on(step) + for_a_while(step);
    case What::rename:
      return host + " goes by the name of " + host_name(step.number) + " from now on";
    case What::clone:
      return step.number == 0   ? "each host has its own machine id from now on"
             : step.number == 1 ? "both hosts have one machine id from now on"
                                : "no host has a machine id from now on";
    case What::grace:
      return "spiders take " + to_words(step.by) + " to stop from now on";
    case What::slots:
      return "max_instances is " + std::to_string(step.number) + " from now on";
    case What::remove:
      return "the rows of what runs are removed";
    case What::back:
      return "the owner of the next run that is to be marked will be back just then";
  }
  return {};
}

}  // namespace spider_check::test
