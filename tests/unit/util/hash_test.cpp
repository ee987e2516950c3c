#include <doctest/doctest.h>

#include "util/text.hpp"

namespace spider_check {

TEST_CASE("the hash is FNV-1a, as its authors' test vectors have it") {
  static_assert(fnv1a("") == 0x811c9dc5U);

  struct Row {
    std::string_view text;
    std::uint32_t hash;
  };

  const Row rows[] = {
      {"", 0x811c9dc5U},
      {"a", 0xe40c292cU},
      {"b", 0xe70c2de5U},
      {"c", 0xe60c2c52U},
      {"fo", 0x6222e842U},
      {"foo", 0xa9f37ed7U},
      {"foob", 0x3f5076efU},
      {"fooba", 0x39aaa18aU},
      {"foobar", 0xbf9cf968U},
      {std::string_view("\0", 1), 0x050c5d1fU},
      {std::string_view("\xff\0\0\x01", 4), 0xc48fb86dU},
  };
  for (const auto& row : rows) CHECK(fnv1a(row.text) == row.hash);
}

}  // namespace spider_check
