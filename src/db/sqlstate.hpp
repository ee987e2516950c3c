#pragma once

#include <string>

#include "core/errors.hpp"

namespace spider_check::db {

/** What kind of trouble a SQLSTATE means. */
[[nodiscard]] DbError::Kind kind_of(const std::string& sqlstate);

/** Whether it means that a prepared statement is not where its session prepared it. */
[[nodiscard]] bool is_lost_statement(const std::string& sqlstate);

/** A message of PostgreSQL's, which may have several lines, on one. */
[[nodiscard]] std::string one_line(const std::string& text);

}  // namespace spider_check::db
