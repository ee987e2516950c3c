#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schedule/crawl.hpp"
#include "util/time.hpp"

namespace spider_check {

/** Where a spider stands in a run. */
enum class RowState { waiting, running, stopping, ok, degraded, failed, stopped };

/** One spider of a run that goes on. */
struct LiveRow {
  std::string name;  ///< printable, as is the note
  RowState state = RowState::waiting;
  Duration elapsed{0};               ///< since its start, or that it took
  std::optional<Progress> progress;  ///< of a crawl that tells
  std::string note;                  ///< what it waits for, or why it failed
  std::uint64_t order = 0;           ///< grows with each change of a state: the newest has the most
};

/** A run that goes on. */
struct LiveRun {
  std::string title;  ///< "Run 12"
  Duration elapsed{0};
  std::vector<LiveRow> rows;  ///< in the order in which they start
};

/** What there is to draw on. */
struct Screen {
  std::size_t width = 80;
  std::size_t height = 24;
  bool colour = false;  ///< without it no line holds any escape sequence
};

/**
 * The lines of a table of the run: each takes at most the screen's width, and all together leave
 * one line of its height. Where there is too little room, columns and then rows are left out; what
 * runs is shown before what failed, and that before the rest, which is counted in a last line.
 */
[[nodiscard]] std::vector<std::string> live_table(const LiveRun& run, const Screen& screen);

/** "ok", "waiting", …: one word. */
[[nodiscard]] std::string to_word(RowState state);

/** A text in the colour of a state, with what ends it. */
[[nodiscard]] std::string in_colour(RowState state, const std::string& text);

/** "3 min 12 s", "7 s": to_words() without fractions, which change too fast to read. */
[[nodiscard]] std::string whole_words(Duration duration);

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

/** What became of one spider, for the lines that a run leaves behind. */
struct SummaryRow {
  std::string name;  ///< printable, as is the rest
  RowState state = RowState::waiting;
  Duration took{0};
  std::string did;      ///< "12 items, 3 pages"; empty: unknown
  std::string reasons;  ///< empty for what is ok
  std::string log;
};

/**
 * The lines that stay on the screen: one for each spider that is not ok, or for each where they are
 * few, and one for all of them; they may be longer than a line of the screen. Empty for no spiders.
 */
[[nodiscard]] std::vector<std::string> run_summary(const std::vector<SummaryRow>& rows,
                                                   Duration elapsed, bool colour);

/** How a spider that has ended is shown. */
[[nodiscard]] RowState state_of(const Judgement& judgement);

}  // namespace spider_check
