#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <soci/soci.h>

namespace spider_check {

/** Where our tables are, or where a migration would make them. */
struct Schema {
  std::string name;      ///< empty: the search_path names none that exists
  std::int64_t oid = 0;  ///< what advisory locks know it by
  bool has_tables = false;
};

/**
 * Finds the schema by the session's search_path, and pins that to pg_catalog, so that from now on
 * no operator, function or table of anybody else's is used: our own tables are named with their
 * schema, by qualified(). What a search_path puts before pg_catalog stays there. One round trip.
 * told: the server's process whose session this is, 0 for any; empty, and nothing is pinned, where
 * it is another. Throws soci_error, and DbError for a table of somebody who need not be trusted.
 */
[[nodiscard]] std::optional<Schema> pin_search_path(soci::session& sql, int told);

/** Qualifies the names of our tables, also in to_regclass('…') and '…'::regclass. */
[[nodiscard]] std::string qualified(std::string_view sql, const std::string& schema);

/** The text as an SQL identifier that SOCI, too, takes for one. */
[[nodiscard]] std::string quoted_identifier(const std::string& name);

/**
 * Names a schema with our tables that the search_path does not find, and what to type; or empty.
 */
[[nodiscard]] std::string tables_elsewhere(soci::session& sql);

}  // namespace spider_check
