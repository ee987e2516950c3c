#pragma once

#include <cstdint>
#include <string_view>

namespace spider_check {

/**
 * FNV-1a, 32 bits (draft-eastlake-fnv): the same on every host and in every version of the program,
 * which the lock keys rely on.
 */
[[nodiscard]] constexpr std::uint32_t fnv1a(std::string_view text) noexcept {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 16777619U;
  }
  return hash;
}

}  // namespace spider_check
