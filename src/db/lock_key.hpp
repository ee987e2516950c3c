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

/** The second half for what is done in the schema of this oid: each schema is a world of its own.
 */
[[nodiscard]] inline std::int32_t key_of(const std::string& what, std::int64_t schema) {
  return static_cast<std::int32_t>(fnv1a(what + " in " + std::to_string(schema)));
}

/** For a slot of a schedule. */
[[nodiscard]] inline std::int32_t slot_key(std::int64_t schema, const std::string& schedule,
                                           int slot) {
  return key_of("slot " + std::to_string(slot) + " of " + schedule, schema);
}

/** Held while one of several slots is being given to a run. */
[[nodiscard]] inline std::int32_t deciding_key(std::int64_t schema, const std::string& schedule) {
  return key_of("deciding " + schedule, schema);
}

/** Held by whoever migrates. */
[[nodiscard]] inline std::int32_t migration_key(std::int64_t schema) {
  return key_of("migration", schema);
}

}  // namespace spider_check::db
