#pragma once

#include <string>
#include <vector>

#include "core/hindrance.hpp"

namespace spider_check::db {

/** As scheduler_state.hindrances keeps them; empty for none. */
[[nodiscard]] std::string to_json(const std::vector<Hindrance>& hindrances);

/** Reads them back; what is no such array gives none. */
[[nodiscard]] std::vector<Hindrance> parse_hindrances(const std::string& json);

}  // namespace spider_check::db
