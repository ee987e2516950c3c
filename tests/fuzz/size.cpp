// Sizes as people write them.
#include "fuzz.hpp"
#include "util/time.hpp"

namespace spider_check::fuzz {

void try_input(std::string_view bytes) {
  const auto size = parse_size(bytes);
  if (!size) return;
  expect(*size >= 0, "no size is negative");
  const auto words = size_words(*size);
  if (words.find('.') != std::string::npos) return;
  const auto shown = parse_size(words);
  expect(shown.has_value(), "a size in words is a size");
  expect(*shown <= *size, "it is rounded down");
  expect(*shown >= *size - *size / 10, "by a tenth at most");
}

}  // namespace spider_check::fuzz
