#pragma once

#include <string>

#include "core/report.hpp"

namespace spider_check::render {

/**
 * The report of `check` for a person: what is known, the spiders, and what is wrong, numbered in
 * the order in which to mend it. Names and messages of others are made printable.
 */
[[nodiscard]] std::string check_text(const CheckReport& report);

}  // namespace spider_check::render
