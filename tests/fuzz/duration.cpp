// Durations as people write them.
#include "fuzz.hpp"
#include "util/time.hpp"

namespace spider_check::fuzz {

void try_input(std::string_view bytes) {
  const auto duration = parse_duration(bytes);
  if (!duration) return;
  expect(*duration >= Duration{0}, "no duration is negative");
  expect(*duration <= std::chrono::hours(240'000), "none is longer than ten thousand days");
  expect(parse_duration(to_text(*duration)) == duration, "what is written reads back the same");
  const auto words = to_words(*duration);
  expect(!words.empty() && words.size() < 40, "a duration in words is short");
}

}  // namespace spider_check::fuzz
