#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "os/termination.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

using Step = Escalation::Step;

/** A moment that many milliseconds after the first. */
Escalation::Time at(std::int64_t milliseconds) {
  return Escalation::Time(1h) + std::chrono::milliseconds(milliseconds);
}

std::int64_t of(Escalation::Time time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time - at(0)).count();
}

/** Every step from now on, with its moment; SIGKILLs in a row are one. */
std::vector<std::pair<std::int64_t, Step>> steps(Escalation& escalation) {
  std::vector<std::pair<std::int64_t, Step>> all;
  while (const auto next = escalation.next()) {
    const auto step = escalation.step(*next);
    const bool again = step == Step::kill && !all.empty() && all.back().second == step;
    if (!again) all.emplace_back(of(*next), step);
  }
  return all;
}

using Steps = std::vector<std::pair<std::int64_t, Step>>;

}  // namespace

TEST_CASE("nothing happens before anything begins") {
  Escalation escalation(1s, 1s);
  CHECK_FALSE(escalation.next().has_value());
  CHECK_FALSE(escalation.has_begun());
  CHECK(escalation.step(at(1'000'000)) == Step::none);
}

TEST_CASE("a stop is SIGTERM, the same after the grace, SIGKILL, and the end of patience") {
  Escalation escalation(60s, 5s);
  escalation.stop(at(0));
  CHECK((steps(escalation) == Steps{{0, Step::terminate},
                                    {60'000, Step::terminate},
                                    {65'000, Step::kill},
                                    {70'000, Step::give_up}}));
  CHECK(escalation.step(at(1'000'000)) == Step::none);
}

TEST_CASE("a kill is SIGKILL at once, whether a stop has begun or not") {
  Escalation escalation(60s, 5s);
  escalation.kill(at(0));
  CHECK((steps(escalation) == Steps{{0, Step::kill}, {5000, Step::give_up}}));
  Escalation stopped(60s, 5s);
  stopped.stop(at(0));
  CHECK(stopped.step(at(0)) == Step::terminate);
  stopped.kill(at(100));
  CHECK((steps(stopped) == Steps{{100, Step::kill}, {5100, Step::give_up}}));
}

TEST_CASE("neither a second stop nor a second kill begins anew") {
  Escalation escalation(60s, 5s);
  escalation.stop(at(0));
  CHECK(escalation.step(at(0)) == Step::terminate);
  escalation.stop(at(50'000));
  CHECK(escalation.next() == at(60'000));
  escalation.kill(at(50'000));
  CHECK(escalation.step(at(50'000)) == Step::kill);
  escalation.kill(at(54'999));
  escalation.stop(at(54'999));
  CHECK(escalation.step(at(55'000)) == Step::give_up);
  escalation.kill(at(56'000));
  CHECK_FALSE(escalation.next().has_value());
}

TEST_CASE("SIGKILL is sent again and again, but not for ever faster") {
  Escalation escalation(0s, 0s);
  escalation.kill(at(0));
  int kills = 0;
  while (const auto next = escalation.next()) {
    if (escalation.step(*next) == Step::kill) ++kills;
  }
  CHECK(kills > 5);
  CHECK(kills < 30);
}

TEST_CASE("what is late does the next step only, and gives up only after SIGKILL") {
  Escalation escalation(1s, 1s);
  escalation.stop(at(0));
  CHECK(escalation.step(at(1'000'000)) == Step::terminate);
  CHECK(escalation.step(at(2'000'000)) == Step::terminate);
  CHECK(escalation.step(at(3'000'000)) == Step::kill);
  CHECK(escalation.step(at(3'000'001)) == Step::none);
}

}  // namespace spider_check
