#pragma once

#include <string>

#include "schedule/crawl.hpp"

namespace spider_check {

/**
 * Asks a check_sql on a connection of its own, read only, with the search_path of its role. Takes
 * at most ten seconds, and never throws: see RowCount::fault. name: session_name().
 */
[[nodiscard]] RowCount count_rows(const RowCheck& check, const std::string& name);

}  // namespace spider_check
