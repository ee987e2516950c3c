#include "render/live_columns.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string_view>

#include "render/text_width.hpp"

namespace spider_check::render {

namespace {

constexpr std::size_t column_gap = 2;
constexpr std::size_t max_state = 8;  // "stopping", "degraded"

// A name shorter than this is no name any more, one longer than that leaves nothing to the rest.
constexpr std::size_t min_name = 16;
constexpr std::size_t max_name = 40;
constexpr std::size_t min_note = 12;

/** "0:07", "12:03", "1:02:03" */
std::string clock(Duration duration) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(duration).count();
  std::array<char, 32> buffer{};
  if (seconds >= 3600) {
    std::snprintf(buffer.data(), buffer.size(), "%lld:%02d:%02d",
                  static_cast<long long>(seconds / 3600), static_cast<int>(seconds / 60 % 60),
                  static_cast<int>(seconds % 60));
  } else {
    std::snprintf(buffer.data(), buffer.size(), "%d:%02d", static_cast<int>(seconds / 60),
                  static_cast<int>(seconds % 60));
  }
  return buffer.data();
}

std::string elapsed_of(const LiveRow& row) {
  return row.state == RowState::waiting ? std::string{} : clock(row.elapsed);
}

/** The width of a column of numbers, heading and all; 0 where there are none. */
template <typename Text>
std::size_t widest(const std::vector<LiveRow>& rows, std::string_view head, const Text& text) {
  std::size_t width = 0;
  for (const auto& row : rows) width = std::max(width, text(row).size());
  return width == 0 ? 0 : std::max(width, head.size());
}

std::string count(const LiveRow& row, std::int64_t Progress::*what) {
  return row.progress ? std::to_string((*row.progress).*what) : std::string{};
}

std::size_t total(const Columns& columns) {
  std::size_t sum = 0;
  for (const auto width : {columns.name, columns.state, columns.elapsed, columns.items,
                           columns.pages, columns.errors, columns.note}) {
    if (width > 0) sum += width + (sum > 0 ? column_gap : 0);
  }
  return sum;
}

/** With names and notes as narrow as they may become. */
Columns narrowest(const std::vector<LiveRow>& rows, std::size_t name) {
  Columns columns{std::min(name, min_name), max_state};
  columns.elapsed = widest(rows, "elapsed", elapsed_of);
  const auto width = [&](std::string_view head, std::int64_t Progress::*what) {
    return widest(rows, head, [what](const auto& row) { return count(row, what); });
  };
  columns.items = width("items", &Progress::items);
  columns.pages = width("pages", &Progress::pages);
  columns.errors = width("errors", &Progress::errors);
  const bool notes =
      std::any_of(rows.begin(), rows.end(), [](const auto& row) { return !row.note.empty(); });
  columns.note = notes ? min_note : 0;
  return columns;
}

void add(std::string& line, const std::string& text, std::size_t width) {
  if (width == 0) return;
  if (!line.empty()) line.append(column_gap, ' ');
  line += text;
}

void add_right(std::string& line, const std::string& text, std::size_t width) {
  add(line, std::string(width - std::min(width, text.size()), ' ') + text, width);
}

std::string without_blanks_behind(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

Columns lay_out(const std::vector<LiveRow>& rows, std::size_t width) {
  std::size_t name = std::string_view("spider").size();
  for (const auto& row : rows) name = std::max(name, std::min(max_name, width_of(row.name)));
  auto columns = narrowest(rows, name);
  for (auto* column :
       {&columns.note, &columns.errors, &columns.pages, &columns.items, &columns.elapsed}) {
    if (total(columns) > width) *column = 0;
  }
  if (total(columns) > width) {
    const bool room_for_both = width >= 2 * max_state;
    if (!room_for_both) columns.state = 0;
    columns.name = room_for_both ? width - max_state - column_gap : std::min(columns.name, width);
  }
  const auto spare = width - total(columns);
  const auto growth = std::min(spare, name - std::min(name, columns.name));
  columns.name += growth;
  if (columns.note > 0) columns.note += spare - growth;
  return columns;
}

std::string heading(const Columns& columns) {
  std::string line;
  add(line, fill_to("spider", columns.name), columns.name);
  add(line, fill_to("state", columns.state), columns.state);
  add_right(line, "elapsed", columns.elapsed);
  add_right(line, "items", columns.items);
  add_right(line, "pages", columns.pages);
  add_right(line, "errors", columns.errors);
  return without_blanks_behind(line);
}

std::string row_line(const LiveRow& row, const Columns& columns, bool colour) {
  std::string line;
  add(line, fill_to(row.name, columns.name), columns.name);
  const auto state = fill_to(to_word(row.state), columns.state);
  add(line, colour ? in_colour(row.state, state) : state, columns.state);
  add_right(line, elapsed_of(row), columns.elapsed);
  add_right(line, count(row, &Progress::items), columns.items);
  add_right(line, count(row, &Progress::pages), columns.pages);
  add_right(line, count(row, &Progress::errors), columns.errors);
  add(line, cut_to(row.note, columns.note), columns.note);
  return without_blanks_behind(line);
}

}  // namespace spider_check::render
