#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <soci/soci.h>

#include "db/session.hpp"
#include "util/time.hpp"

namespace spider_check {

/** One file of migrations/, as it was when the program was built. */
struct Migration {
  int version;
  std::string_view name;
  std::string_view checksum;  ///< SHA-256 of the file, in hexadecimal
  std::string_view sql;
};

/** All of them, in order; the last one's version is the schema that this program needs. */
[[nodiscard]] std::span<const Migration> migrations() noexcept;

/** The schema that this program needs. */
[[nodiscard]] int needed_version() noexcept;

/** The version of the database's schema, 0 when there is none. Throws DbError. */
[[nodiscard]] int schema_version(Session& session);

/**
 * The same for the database's version; names another schema that has our tables. Throws DbError.
 */
void require_migrated(Session& session);

/** Session::run(), with what is wrong with the schema where a table or a column is not there. */
template <typename Statements>
auto run_on_schema(Session& session, Statements&& statements) {
  try {
    return session.run(std::forward<Statements>(statements));
  } catch (const DbError& error) {
    if (error.kind() == DbError::Kind::not_migrated) require_migrated(session);
    throw;
  }
}

/** Why nothing can be made. */
inline constexpr const char* no_schema =
    "no schema of its search_path exists; make one, or mend it";

/**
 * Applies what is missing in one transaction, under a lock, and gives the names. Waits about a
 * minute for tables in use; on_wait gets their user, or "". Throws DbError, also for a file that
 * was applied in another form, a newer database, and a table that cannot be adopted.
 */
[[nodiscard]] std::vector<std::string> migrate(
    Session& session, const std::function<void(const std::string&)>& on_wait = [](auto&) {});

/**
 * Calls `apply`, as long as `wait` while there is no server. Gives what to print. Throws DbError.
 */
[[nodiscard]] std::string migrate(const std::function<std::vector<std::string>()>& apply,
                                  Duration wait);

}  // namespace spider_check
