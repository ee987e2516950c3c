#include "run/live_table.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string_view>

#include "util/text.hpp"
#include "util/text_width.hpp"
#include "util/time.hpp"

namespace spider_check {

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

// As many as can be read quickly.
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
  if (row.state != RowState::ok) line += "; " + row.log;
  return line;
}

std::string total_line(const std::vector<SummaryRow>& rows, Duration elapsed) {
  const auto count = [&](RowState state) {
    return std::count_if(rows.begin(), rows.end(),
                         [state](const auto& row) { return row.state == state; });
  };
  auto line =
      std::to_string(count(RowState::ok)) + " of " + counted(std::ssize(rows), "spider") + " ok";
  for (const auto state : {RowState::degraded, RowState::failed, RowState::stopped,
                           RowState::running, RowState::stopping, RowState::waiting}) {
    if (const auto some = count(state); some > 0) {
      line += ", " + std::to_string(some) + " " + word(state);
    }
  }
  return line + ", in " + to_words(elapsed);
}

using namespace std::chrono_literals;

constexpr std::array shown_states{RowState::running, RowState::stopping, RowState::waiting,
                                  RowState::ok,      RowState::degraded, RowState::failed,
                                  RowState::stopped};

// Below this a line that only names the columns takes the place of a spider that matters more.
constexpr std::size_t min_for_heading = 8;

std::string counts(const std::vector<const LiveRow*>& rows, const std::string& between) {
  std::string text;
  for (const auto state : shown_states) {
    const auto count = std::count_if(rows.begin(), rows.end(),
                                     [state](const auto* row) { return row->state == state; });
    if (count == 0) continue;
    text += (text.empty() ? "" : between) + std::to_string(count) + " " + to_word(state);
  }
  return text;
}

std::vector<const LiveRow*> pointers(const std::vector<LiveRow>& rows) {
  std::vector<const LiveRow*> all;
  all.reserve(rows.size());
  for (const auto& row : rows) all.push_back(&row);
  return all;
}

std::string headline(const LiveRun& run) {
  const auto all = counts(pointers(run.rows), " · ");
  return run.title + " · " + (all.empty() ? "" : all + " · ") + whole_words(run.elapsed);
}

int rank(RowState state) {
  switch (state) {
    case RowState::running:
    case RowState::stopping:
      return 0;
    case RowState::degraded:
    case RowState::failed:
    case RowState::stopped:
      return 1;
    case RowState::ok:
      return 2;
    case RowState::waiting:
      return 3;
  }
  return 3;
}

/** What matters most comes first. */
bool before(const LiveRow* one, const LiveRow* other) {
  const auto a = rank(one->state);
  const auto b = rank(other->state);
  if (a != b) return a < b;
  // What runs stays where it is; of what has ended the newest comes first.
  return a == 0 ? one->order < other->order : one->order > other->order;
}

std::string bold(const std::string& text) {
  return "\x1b[1m" + text + "\x1b[0m";
}

std::string faint(const std::string& text) {
  return "\x1b[2m" + text + "\x1b[0m";
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

std::vector<std::string> live_table(const LiveRun& run, const Screen& screen) {
  const auto line = [&](const std::string& text, auto* style) {
    const auto cut = cut_to(text, screen.width);
    return screen.colour ? style(cut) : cut;
  };
  const auto room = std::max<std::size_t>(screen.height, 2) - 1;
  const auto columns = lay_out(run.rows, screen.width);
  std::vector<std::string> lines{line(headline(run), bold)};
  if (room >= min_for_heading) lines.push_back(line(heading(columns), faint));
  auto rows = pointers(run.rows);
  auto shown = std::min(rows.size(), room - lines.size());
  if (shown < rows.size()) {
    std::stable_sort(rows.begin(), rows.end(), before);
    if (shown > 1) --shown;
  }
  for (std::size_t i = 0; i < shown; ++i) {
    lines.push_back(row_line(*rows[i], columns, screen.colour));
  }
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(shown));
  if (!rows.empty() && lines.size() < room) {
    lines.push_back(line("… " + counts(rows, ", "), faint));
  }
  return lines;
}

std::string to_word(RowState state) {
  switch (state) {
    case RowState::waiting:
      return "waiting";
    case RowState::running:
      return "running";
    case RowState::stopping:
      return "stopping";
    case RowState::ok:
      return "ok";
    case RowState::degraded:
      return "degraded";
    case RowState::failed:
      return "failed";
    case RowState::stopped:
      return "stopped";
  }
  return "waiting";
}

std::string in_colour(RowState state, const std::string& text) {
  const auto code = [state] {
    switch (state) {
      case RowState::waiting:
        return "2";
      case RowState::running:
        return "36";
      case RowState::stopping:
      case RowState::degraded:
      case RowState::stopped:
        return "33";
      case RowState::ok:
        return "32";
      case RowState::failed:
        return "31";
    }
    return "0";
  };
  return std::string("\x1b[") + code() + "m" + text + "\x1b[0m";
}

std::string whole_words(Duration duration) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
  return seconds < 10s ? std::to_string(seconds.count()) + " s" : to_words(seconds);
}

RowState state_of(const Judgement& judgement) {
  if (was_stopped(judgement)) return RowState::stopped;
  switch (judgement.verdict) {
    case Verdict::ok:
      return RowState::ok;
    case Verdict::degraded:
      return RowState::degraded;
    case Verdict::failed:
      return RowState::failed;
  }
  return RowState::failed;
}

}  // namespace spider_check
