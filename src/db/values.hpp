#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace spider_check::db {

/**
 * An instant travels as microseconds since 1970: SOCI's own way, std::tm, loses the fraction and
 * the zone.
 */
[[nodiscard]] inline TimePoint from_microseconds(long long count) {
  return TimePoint(std::chrono::microseconds(count));
}

/**
 * An instant as `extract(epoch from …)` writes it: seconds since 1970 with at most six decimals;
 * infinitely_old and infinitely_far for those that are, or as good as. Throws std::invalid_argument
 * for anything else, which PostgreSQL does not write.
 */
[[nodiscard]] TimePoint from_seconds(const std::string& text);

/** The SQL that makes such a number of an instant, with the same limits. */
[[nodiscard]] std::string to_microseconds(const std::string& expression);

/** The same of an interval. */
[[nodiscard]] inline std::string interval_in_microseconds(const std::string& expression) {
  return "(extract(epoch from " + expression + ") * 1000000)::bigint";
}

/** The same of the time between a spider's start and its end; alias: "" or "r." */
[[nodiscard]] std::string took_in_microseconds(const std::string& alias);

/** The SQL that makes an interval of a placeholder that holds microseconds. */
[[nodiscard]] inline std::string to_interval(const std::string& placeholder) {
  return "make_interval(secs => " + placeholder + "::double precision / 1000000)";
}

/** Texts as PostgreSQL writes a text[]. */
[[nodiscard]] std::string to_array_literal(const std::vector<std::string>& texts);

/** Texts that array_to_string(…, E'\n') made one of: each of them is one line. */
[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);

/** PostgreSQL shows the two halves of a lock key as unsigned numbers. */
[[nodiscard]] constexpr long long as_oid(std::int32_t key) {
  return static_cast<long long>(static_cast<std::uint32_t>(key));
}

}  // namespace spider_check::db
