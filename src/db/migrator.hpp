#pragma once

#include <functional>
#include <string>
#include <vector>

#include "db/session.hpp"

namespace spider_check::db {

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

}  // namespace spider_check::db
