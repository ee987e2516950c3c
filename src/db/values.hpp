#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <libpq-fe.h>
#include <soci/soci.h>

#include "schedule/delay.hpp"
#include "util/text.hpp"
#include "util/time.hpp"

namespace spider_check {

/**
 * An instant from `extract(epoch FROM …)`, whose decimals SOCI's std::tm would lose; limited to
 * infinitely_old and infinitely_far. Throws std::invalid_argument.
 */
[[nodiscard]] TimePoint from_seconds(const std::string& text);

/** A field that may be NULL. */
[[nodiscard]] std::optional<TimePoint> optional_time(const soci::row& row, std::size_t column);

/**
 * Puts the quoted text in place of each :'name', for messages without parameters. Throws DbError.
 */
[[nodiscard]] std::string with_literal(PGconn* connection, std::string statement,
                                       const std::string& name, const std::string& text);

/** Texts as PostgreSQL writes a text[]. */
[[nodiscard]] std::string to_array_literal(const std::vector<std::string>& texts);

/** PostgreSQL shows the two halves of a lock key as unsigned numbers. */
[[nodiscard]] constexpr long long as_oid(std::int32_t key) {
  return static_cast<long long>(static_cast<std::uint32_t>(key));
}

/** The only field of the only row that a statement gives. Throws soci_error. */
template <typename Value, typename... Uses>
[[nodiscard]] Value ask(soci::session& sql, const char* statement, const Uses&... uses) {
  Value value{};
  (((sql << statement), ..., soci::use(uses)), soci::into(value));
  return value;
}

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

}  // namespace spider_check
