#include "render/live_table.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "core/duration.hpp"
#include "render/live_columns.hpp"
#include "render/text_width.hpp"

namespace spider_check::render {

namespace {

using namespace std::chrono_literals;

constexpr std::array shown_states{RowState::running, RowState::stopping, RowState::waiting,
                                  RowState::ok,      RowState::degraded, RowState::failed};

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

}  // namespace spider_check::render
