#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <soci/soci.h>

#include "core/delay.hpp"
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

/** Whether the database can keep every text: in UTF8, or in SQL_ASCII, which looks at none. */
[[nodiscard]] bool keeps_every_text(soci::session& sql);

/** The text as this database can keep it: elsewhere with \uXXXX for what is not ASCII. */
[[nodiscard]] std::string to_kept(soci::session& sql, const std::string& text);

/** The same within a JSON document or an array literal, where a backslash stands twice. */
[[nodiscard]] std::string to_kept_quoted(soci::session& sql, const std::string& text);

/** What to_kept() was given. */
[[nodiscard]] std::string from_kept(soci::session& sql, const std::string& text);

/** A text of UTF-8 with \uXXXX, or two of them, for what is not ASCII. mark: instead of \u. */
[[nodiscard]] std::string escaped(std::string_view text, std::string_view mark = "\\u");

/** What escaped() was given. */
[[nodiscard]] std::string unescaped(std::string_view text);

/** As scheduler_state.delays keeps them; empty for none. */
[[nodiscard]] std::string to_json(const std::vector<Delay>& delays);

/** Reads them back; what is no such array gives none. */
[[nodiscard]] std::vector<Delay> parse_delays(const std::string& json);

}  // namespace spider_check::db
