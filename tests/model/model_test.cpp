// Thousands of random baselines of two hosts, a database and the spiders, each judged as it goes.
//
//   SPIDER_CHECK_MODEL_SEED=N     plays the history of that number only, and tells it
//   SPIDER_CHECK_MODEL_SECONDS=N  plays others for so long
#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <iterator>
#include <random>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

#include "shrink.hpp"
#include "world.hpp"

namespace spider_check::test {

namespace {

using namespace std::chrono_literals;

// Without optimisation, and under sanitizers, a history takes ten times as long.
#ifdef __OPTIMIZE__
constexpr std::uint64_t baselines = 5'000;
#else
constexpr std::uint64_t baselines = 500;
#endif

// The same fault shows itself in many baselines.
constexpr int max_told = 3;

// For a crash: which history is played, and who hears of it next.
volatile std::uint64_t playing = 0;

struct sigaction doctests {};

void tell_crash(int signal) {
  char text[64] = "\ncrashed: SPIDER_CHECK_MODEL_SEED=";
  auto* end = std::to_chars(text + std::strlen(text), std::end(text) - 1, +playing).ptr;
  *end++ = '\n';
  (void)!::write(STDERR_FILENO, text, static_cast<std::size_t>(end - text));
  ::sigaction(signal, &doctests, nullptr);
  ::raise(signal);
}

/** Until doctest takes its handlers back, with their stack, at the end of a test. */
void tell_crashes() {
  struct sigaction action {};

  action.sa_handler = &tell_crash;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGABRT}) ::sigaction(signal, &action, &doctests);
}

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
  playing = seed;
  const auto history = make_history(seed);
  if (objection_to(history).empty()) return true;
  const auto smallest = shrink(history, [](const Steps& h) { return !objection_to(h).empty(); });
  FAIL_CHECK(told(seed, smallest));
  return false;
}

}  // namespace

TEST_CASE("the promise holds in every history") {
  tell_crashes();
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
  for (std::uint64_t seed = 1; seed <= baselines && broken < max_told; ++seed) {
    if (!holds(seed)) ++broken;
  }
}

TEST_CASE("a run whose owner is back just before it would be marked stays its own") {
  // The forced one is in a slot of its own: whoever marks it has the first slot's lock only.
  const Steps history{{0s, What::slots, 0, 2}, {30s, What::force}, {10s, What::cut, 0, 0, 10min},
                      {100s, What::boot, 1},   {0s, What::back},   {2min}};
  World world;
  CHECK(world.play(history) == "");
  const auto& story = world.story();
  CHECK(std::any_of(story.begin(), story.end(),
                    [](const auto& line) { return line.ends_with("marked as interrupted"); }));
}

}  // namespace spider_check::test
