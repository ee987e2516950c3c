#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
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

/**
 * Looks at a table of our name that was there before the first migration, if there is one. Throws
 * DbError that says what is to be typed, when the migrations or a run's first row would be refused
 * or NULLs would have to be read; soci_error.
 */
void require_adoptable(soci::session& sql);

/** The schema that this program needs. */
[[nodiscard]] int needed_version() noexcept;

/**
 * Throws DbError when a schema of this version cannot be used: older (Kind::not_migrated) or newer
 * (Kind::refused) than the program. 0: there is none.
 */
void require_version(int version);

/** The version of the database's schema, 0 when there is none. Throws DbError. */
[[nodiscard]] int schema_version(Session& session);

/**
 * The same for the version of the database's schema; where there is none, but another schema has
 * tables of ours, it names that. Throws DbError.
 */
void require_migrated(Session& session);

/** Why nothing can be made. */
inline constexpr const char* no_schema =
    "no schema of its search_path exists; make one, or mend it";

/**
 * Applies what is missing, in one transaction, under a lock that only migrations take. Gives the
 * names of those applied. Throws DbError: also when an applied file differs from the program's, the
 * database is newer than the program, or a table that is there cannot be adopted. Where somebody
 * uses the tables it tries again for about a minute, and lets others pass meanwhile: on_wait is
 * told who that is, or nothing.
 */
[[nodiscard]] std::vector<std::string> migrate(
    Session& session, const std::function<void(const std::string&)>& on_wait = [](auto&) {});

/**
 * Waits for the server to come up, at most `wait`, and migrates. `apply` applies what is missing
 * and names it. Gives what to tell the person. Throws DbError.
 */
[[nodiscard]] std::string migrate(const std::function<std::vector<std::string>()>& apply,
                                  Duration wait);

}  // namespace spider_check
