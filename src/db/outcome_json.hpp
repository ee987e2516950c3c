#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/ports.hpp"

namespace spider_check::db {

/** The outcomes as one JSON array, as the statement that records them reads it. */
[[nodiscard]] std::string to_json(const std::vector<SpiderOutcome>& outcomes);

/** field_counts as it was recorded; what is no such object gives nothing. */
[[nodiscard]] std::map<std::string, std::int64_t> parse_field_counts(const std::string& json);

}  // namespace spider_check::db
