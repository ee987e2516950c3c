#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/connection.hpp"

namespace spider_check {

/** check_sql: what is asked after a spider, and where. */
struct RowCheck {
  std::string sql;  ///< one SELECT that gives one whole number
  ConnectionOptions database;
};

/** What it was answered. */
struct RowCount {
  std::optional<std::int64_t> rows;  ///< empty: see fault
  std::string fault{};               ///< why there is no number, in words
  bool away = false;                 ///< the database could not be asked at all
};

}  // namespace spider_check
