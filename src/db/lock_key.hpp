#pragma once

#include <cstdint>
#include <string>

#include "core/hash.hpp"

namespace spider_check::db {

/**
 * The first half of every advisory lock key of ours: a constant of the project, "spdr" in ASCII, so
 * that other programs' locks in the same database are not in the way.
 */
inline constexpr std::int32_t lock_class = 0x73706472;

/** The second half for a slot of a schedule. */
[[nodiscard]] inline std::int32_t slot_key(const std::string& schedule, int slot) {
  return static_cast<std::int32_t>(fnv1a("slot " + std::to_string(slot) + " of " + schedule));
}

/** Held while one of several slots is being given to a run. */
[[nodiscard]] inline std::int32_t deciding_key(const std::string& schedule) {
  return static_cast<std::int32_t>(fnv1a("deciding " + schedule));
}

/** Held by whoever migrates. */
inline constexpr std::int32_t migration_key = static_cast<std::int32_t>(fnv1a("migration"));

}  // namespace spider_check::db
