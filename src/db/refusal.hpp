#pragma once

#include <string>

#include <libpq-fe.h>

#include "util/errors.hpp"
#include "util/interface.hpp"

namespace spider_check {

/** Our tables, for a GRANT. */
inline constexpr const char* all_tables =
    "scheduler_state, spider_run, spider_check_told, spider_check_notification, "
    "spider_check_database, spider_check_migration";

/** What kind of trouble a SQLSTATE means. */
[[nodiscard]] DbError::Kind kind_of(const std::string& sqlstate);

/** Whether it means that a prepared statement is not where its session prepared it. */
[[nodiscard]] bool is_lost_statement(const std::string& sqlstate);

/** A message of PostgreSQL's, which may have several lines, on one. */
[[nodiscard]] std::string one_line(const std::string& text);

/** What the server said of a statement that failed, taken apart. */
struct ServerError {
  std::string state;  ///< SQLSTATE
  std::string text;   ///< on one line, without what is named below
  std::string table;  ///< what it is about, as far as the server says; mostly empty
  std::string column;
  std::string constraint;
};

/** Takes a message of PQERRORS_VERBOSE apart. */
[[nodiscard]] ServerError parse_error(const std::string& state, const std::string& message);

/** A message of PQERRORS_VERBOSE about the connection, on one line, without what is for programs.
 */
[[nodiscard]] std::string plain_message(const std::string& message);

/**
 * What to type so that the server takes such a statement; empty where it is not known. database,
 * user: of the session.
 */
[[nodiscard]] std::string cure(const ServerError& error, const std::string& database,
                               const std::string& user);

/** The error of a statement, with its cure. connection: null where there is none. */
[[nodiscard]] DbError to_db_error(const std::string& state, const std::string& message,
                                  const PGconn* connection);

/** A message of SOCI's about a connection that was not made, without what SOCI adds. */
[[nodiscard]] std::string libpq_words(const std::string& message);

/** " (DB_PORT of the environment)": where the server's place is from, as far as that is known. */
[[nodiscard]] std::string source_of_place(const ConnectionOptions& options);

/** Why there is no connection, by what libpq said of each address, and what to type next. */
[[nodiscard]] std::string why_no_connection(const std::string& message,
                                            const ConnectionOptions& options);

/** A name as it stands in SQL: in quotes where it needs them. */
[[nodiscard]] std::string identifier(const std::string& name);

}  // namespace spider_check
