// Thousands of random histories of two hosts, a database and the spiders, each judged as it goes.
//
//   SPIDER_CHECK_MODEL_SEED=N     plays the history of that number only, and tells it
//   SPIDER_CHECK_MODEL_SECONDS=N  plays others for so long
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "shrink.hpp"
#include "world.hpp"

namespace spider_check::test {

namespace {

using namespace std::chrono_literals;

// Without optimisation, and under sanitizers, a history takes ten times as long.
#ifdef __OPTIMIZE__
constexpr std::uint64_t histories = 5'000;
#else
constexpr std::uint64_t histories = 500;
#endif

// The same fault shows itself in many histories.
constexpr int most_told = 3;

std::string objection_to(const Steps& history) {
  World world;
  return world.play(history);
}

std::string told(std::uint64_t seed, const Steps& history) {
  World world;
  const auto objection = world.play(history);
  std::string text = "\nhistory " + std::to_string(seed) + "\n";
  for (const auto& line : world.story()) text += "  " + line + "\n";
  text += objection.empty() ? "all is well" : "broken: " + objection;
  return text + "\nagain: SPIDER_CHECK_MODEL_SEED=" + std::to_string(seed) +
         " BUILD/tests/model/model-tests";
}

/** True when it held. */
bool holds(std::uint64_t seed) {
  const auto history = make_history(seed);
  if (objection_to(history).empty()) return true;
  const auto smallest = shrink(history, [](const Steps& h) { return !objection_to(h).empty(); });
  FAIL_CHECK(told(seed, smallest));
  return false;
}

}  // namespace

TEST_CASE("the promise holds in every history") {
  if (const char* seed = std::getenv("SPIDER_CHECK_MODEL_SEED")) {
    const auto number = std::strtoull(seed, nullptr, 10);
    if (holds(number)) std::cout << told(number, make_history(number)) << "\n";
    return;
  }
  if (const char* seconds = std::getenv("SPIDER_CHECK_MODEL_SECONDS")) {
    std::random_device random;
    std::uint64_t played = 0;
    const auto end = std::chrono::steady_clock::now() + 1s * std::atoi(seconds);
    while (std::chrono::steady_clock::now() < end && holds(random())) ++played;
    std::cout << played << " histories\n";
    return;
  }
  int broken = 0;
  for (std::uint64_t seed = 1; seed <= histories && broken < most_told; ++seed) {
    if (!holds(seed)) ++broken;
  }
}

}  // namespace spider_check::test
