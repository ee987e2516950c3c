#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "render/live_table.hpp"

namespace spider_check::render {

/** How wide each column of the live table is; 0: it is left out. */
struct Columns {
  std::size_t name = 0;
  std::size_t state = 0;
  std::size_t elapsed = 0;
  std::size_t items = 0;
  std::size_t pages = 0;
  std::size_t errors = 0;
  std::size_t note = 0;
};

/** The columns that these rows fill and that `width` has room for. */
[[nodiscard]] Columns lay_out(const std::vector<LiveRow>& rows, std::size_t width);

/** The line above the rows. */
[[nodiscard]] std::string heading(const Columns& columns);

[[nodiscard]] std::string row_line(const LiveRow& row, const Columns& columns, bool colour);

}  // namespace spider_check::render
