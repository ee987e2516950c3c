#include "render/run_summary.hpp"

#include <algorithm>

#include "core/duration.hpp"
#include "render/text_width.hpp"

namespace spider_check::render {

namespace {

// As many as can be taken in at a glance.
constexpr std::size_t few = 20;
constexpr std::size_t max_padded_name = 30;
constexpr std::size_t max_word = 8;

std::string word(RowState state) {
  // The run is over: what waits now has never started, and what runs has not been heard of again.
  return state == RowState::waiting ? "not run" : to_word(state);
}

std::string spider_line(const SummaryRow& row, std::size_t name_width, bool colour) {
  const auto state = fill_to(word(row.state), max_word);
  auto line = pad_to(row.name, name_width);
  line += "  " + (colour ? in_colour(row.state, state) : state);
  if (row.state == RowState::waiting) return line.substr(0, line.find_last_not_of(' ') + 1);
  line += "  " + to_words(row.took);
  if (!row.did.empty()) line += ", " + row.did;
  if (!row.reasons.empty()) line += ": " + row.reasons;
  if (row.state != RowState::ok) line += "; log " + row.log;
  return line;
}

std::string total_line(const std::vector<SummaryRow>& rows, Duration elapsed) {
  const auto count = [&](RowState state) {
    return std::count_if(rows.begin(), rows.end(),
                         [state](const auto& row) { return row.state == state; });
  };
  auto line = std::to_string(count(RowState::ok)) + " of " + std::to_string(rows.size()) +
              (rows.size() == 1 ? " spider ok" : " spiders ok");
  for (const auto state : {RowState::degraded, RowState::failed, RowState::running,
                           RowState::stopping, RowState::waiting}) {
    if (const auto some = count(state); some > 0) {
      line += ", " + std::to_string(some) + " " + word(state);
    }
  }
  return line + ", in " + to_words(elapsed);
}

}  // namespace

std::vector<std::string> run_summary(const std::vector<SummaryRow>& rows, Duration elapsed,
                                     bool colour) {
  if (rows.empty()) return {};
  const bool all = rows.size() <= few;
  std::size_t width = 0;
  const auto is_shown = [all](const SummaryRow& row) {
    // Spiders that were not started are no news of their own; their number is.
    return all || (row.state != RowState::ok && row.state != RowState::waiting);
  };
  for (const auto& row : rows) {
    if (is_shown(row)) width = std::max(width, std::min(max_padded_name, width_of(row.name)));
  }
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    if (is_shown(row)) lines.push_back(spider_line(row, width, colour));
  }
  lines.push_back(total_line(rows, elapsed));
  return lines;
}

}  // namespace spider_check::render
