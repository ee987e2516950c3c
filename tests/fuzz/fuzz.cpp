#include "fuzz.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace spider_check::fuzz {

void expect(bool holds, std::string_view property) {
  if (holds) return;
  std::fprintf(stderr, "It does not hold that %s.\n", std::string(property).c_str());
  std::abort();
}

}  // namespace spider_check::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Copied to a place of its own length, so that a byte too far is seen.
  const std::string bytes(data, data + size);
  spider_check::fuzz::try_input(bytes);
  return 0;
}
