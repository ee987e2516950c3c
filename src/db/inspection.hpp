#pragma once

#include <optional>
#include <string>
#include <vector>

#include "db/pg_run_store.hpp"
#include "db/session.hpp"

namespace spider_check {

/** What a database says of itself. */
struct DatabaseFacts {
  std::string server_version;
  std::string database;
  std::string user;
  std::optional<int> schema_version;  ///< 0: there are no tables of ours; empty: may not be read
  std::string obstacle;  ///< what would refuse a migration or a tick, and what would be right
  std::vector<std::string> warnings;  ///< what lets others interfere, and what to type
};

/** Why this encoding is no good for us, and what would be right; empty when it is. */
[[nodiscard]] std::string obstacle_of_encoding(const std::string& encoding);

/** Asks the database; changes nothing. Throws DbError. */
[[nodiscard]] DatabaseFacts inspect_database(Session& session);

/**
 * Records a run and an outcome in a transaction that is never committed. Throws DbError with what
 * to type, LostRun where a row that was written cannot be seen.
 */
void try_a_run(Session& session, PgRunStore& store, const Host& host);

/** That a policy may hide rows of ours from this user, and what to type; mostly empty. Throws
 * DbError. */
[[nodiscard]] std::string hidden_rows(Session& session);

}  // namespace spider_check
