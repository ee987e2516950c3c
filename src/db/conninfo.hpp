#pragma once

#include <string>

#include "core/connection.hpp"

namespace spider_check::db {

/**
 * libpq's connection string for these options, with the settings of every session of ours. They go
 * here and not into statements, because each statement costs a round trip. It holds the password:
 * never log it.
 */
[[nodiscard]] std::string conninfo(const ConnectionOptions& options, const std::string& name);

}  // namespace spider_check::db
