#pragma once

#include <string>
#include <vector>

#include "render/live_table.hpp"

namespace spider_check::render {

/** What became of one spider, for the lines that a run leaves behind. */
struct SummaryRow {
  std::string name;  ///< printable, as is the rest
  RowState state = RowState::waiting;
  Duration took{0};
  std::string did;      ///< "12 items, 3 pages"; empty where nobody knows
  std::string reasons;  ///< empty for what is ok
  std::string log;
};

/**
 * The lines that stay on the screen: one for each spider that is not ok, or for each where they are
 * few, and one for all of them; they may be longer than a line of the screen. Empty for no spiders.
 */
[[nodiscard]] std::vector<std::string> run_summary(const std::vector<SummaryRow>& rows,
                                                   Duration elapsed, bool colour);

}  // namespace spider_check::render
