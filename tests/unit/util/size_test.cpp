#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "util/time.hpp"

namespace spider_check {

TEST_CASE("sizes are read as people write them") {
  struct Row {
    std::string text;
    std::int64_t bytes;
  };

  const Row rows[] = {{"0B", 0},
                      {"7B", 7},
                      {"3kB", 3'000},
                      {"500MB", 500'000'000},
                      {"2GB", 2'000'000'000},
                      {"1 GB", 1'000'000'000},
                      {"1TB", 1'000'000'000'000},
                      {"1KiB", 1024},
                      {"2MiB", 2 * 1024 * 1024},
                      {"1GiB", 1024 * 1024 * 1024}};
  for (const auto& row : rows) CHECK(parse_size(row.text) == row.bytes);
}

TEST_CASE("anything else is no size") {
  for (const auto* text : {"", "5", "GB", "-1GB", "1.5GB", "1gb", "1 ", "1  GB", "1GB ", "1GBx",
                           "9223372036854775807TB", "99999999999999999999B"}) {
    CHECK_FALSE(parse_size(text).has_value());
  }
}

TEST_CASE("sizes are told with at most one decimal") {
  CHECK(size_words(0) == "0 B");
  CHECK(size_words(999) == "999 B");
  CHECK(size_words(1'000) == "1 kB");
  CHECK(size_words(1'550) == "1.5 kB");
  CHECK(size_words(123'456) == "123 kB");
  CHECK(size_words(1'500'000'000) == "1.5 GB");
  CHECK(size_words(std::numeric_limits<std::int64_t>::max()) == "9223372 TB");
}

}  // namespace spider_check
