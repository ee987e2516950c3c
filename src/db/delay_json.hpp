#pragma once

#include <string>
#include <vector>

#include "core/delay.hpp"

namespace spider_check::db {

/** As scheduler_state.delays keeps them; empty for none. */
[[nodiscard]] std::string to_json(const std::vector<Delay>& delays);

/** Reads them back; what is no such array gives none. */
[[nodiscard]] std::vector<Delay> parse_delays(const std::string& json);

}  // namespace spider_check::db
