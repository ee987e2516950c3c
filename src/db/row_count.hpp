#pragma once

#include <string>

#include "schedule/crawl.hpp"

namespace spider_check {

/**
 * Asks a check_sql on a connection of its own, read only, and changes nothing. The names in it are
 * found as the role that connects finds them: by its own search_path. Takes at most ten seconds,
 * and what the timeouts of the connection allow. Never throws: what is wrong is the answer's fault.
 * name: of the session, see session_name().
 */
[[nodiscard]] RowCount count_rows(const RowCheck& check, const std::string& name);

}  // namespace spider_check
