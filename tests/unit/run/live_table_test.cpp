#include "run/live_table.hpp"

#include <algorithm>
#include <chrono>

#include <doctest/doctest.h>

#include "util/text_width.hpp"
#include "util/zone.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

LiveRow row(const std::string& name, RowState state, Duration elapsed = 0s,
            std::optional<Progress> progress = {}, const std::string& note = {},
            std::uint64_t order = 0) {
  return {name, state, elapsed, progress, note, order};
}

/** Some of each state, many of them waiting. */
LiveRun big_run(int spiders) {
  LiveRun run{"Run 12", 192s, {}};
  for (int i = 0; i < spiders; ++i) {
    auto one = row("spider-" + std::to_string(i), RowState::waiting);
    one.order = static_cast<std::uint64_t>(i);
    if (i < 40) one.state = RowState::ok;
    if (i == 7) one.state = RowState::failed;
    if (i == 9) one.state = RowState::degraded;
    if (i >= 40 && i < 48) one.state = RowState::running;
    if (i < 48) one.progress = Progress{i, i * 1000, i % 3};
    if (i >= 48) one.note = "for a free place";
    run.rows.push_back(one);
  }
  return run;
}

std::string without_escapes(const std::string& line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = line.find('m', i);
    } else {
      text += line[i];
    }
  }
  return text;
}

bool has(const Lines& lines, const std::string& part) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const auto& line) { return line.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("a run with room for everything") {
  const LiveRun run{"Run 12",
                    192s,
                    {row("books", RowState::running, 83s, Progress{12, 30, 0}),
                     row("news", RowState::stopping, 3723s, Progress{0, 1234567, 2},
                         "for its end: SIGTERM sent (timeout)"),
                     row("program", RowState::ok, 4s),
                     row("quotes", RowState::failed, 12s, Progress{1, 2, 3}, "no items"),
                     row("蜘蛛", RowState::waiting, 0s, {}, "for a free place")}};
  CHECK(
      live_table(run, {100, 24, false}) ==
      Lines{
          "Run 12 · 1 running · 1 stopping · 1 waiting · 1 ok · 1 failed · 3 min 12 s",
          "spider   state     elapsed  items    pages  errors",
          "books    running      1:23     12       30       0",
          "news     stopping  1:02:03      0  1234567       2  for its end: SIGTERM sent (timeout)",
          "program  ok           0:04",
          "quotes   failed       0:12      1        2       3  no items",
          "蜘蛛     waiting                                    for a free place",
      });
}

TEST_CASE("columns go in their order when it gets narrow") {
  const LiveRun run{"Run 1",
                    7s,
                    {row("a-spider-with-a-long-name", RowState::running, 83s, Progress{1, 2, 3},
                         "no progress for 2 min")}};

  struct Row {
    std::size_t width;
    std::string heading;
    std::string line;
  };

  const Row rows[] = {
      {100, "spider                     state     elapsed  items  pages  errors",
       "a-spider-with-a-long-name  running      1:23      1      2       3  no progress for 2 min"},
      {80, "spider                     state     elapsed  items  pages  errors",
       "a-spider-with-a-long-name  running      1:23      1      2       3  no progress…"},
      {70, "spider                     state     elapsed  items  pages  errors",
       "a-spider-with-a-long-name  running      1:23      1      2       3"},
      {60, "spider               state     elapsed  items  pages  errors",
       "a-spider-with-a-lo…  running      1:23      1      2       3"},
      {50, "spider             state     elapsed  items  pages",
       "a-spider-with-a-…  running      1:23      1      2"},
      {42, "spider            state     elapsed  items",
       "a-spider-with-a…  running      1:23      1"},
      {36, "spider             state     elapsed", "a-spider-with-a-…  running      1:23"},
      {30, "spider                state", "a-spider-with-a-lon…  running"},
      {20, "spider      state", "a-spider-…  running"},
      {12, "spider", "a-spider-wi…"},
      {1, "…", "…"},
  };
  for (const auto& [wide, heading, line] : rows) {
    const auto width = wide;
    CAPTURE(width);
    const auto lines = live_table(run, {width, 24, false});
    REQUIRE(lines.size() == 3);
    CHECK(lines[1] == heading);
    CHECK(lines[2] == line);
  }
}

TEST_CASE("with too many spiders those that matter are shown, and the rest is counted") {
  const auto lines = live_table(big_run(200), {80, 24, false});
  REQUIRE(lines.size() == 23);
  CHECK(lines[0] ==
        "Run 12 · 8 running · 152 waiting · 38 ok · 1 degraded · 1 failed · 3 min 12 s");
  const auto begins = [&](std::size_t i, const std::string& text) {
    CHECK_MESSAGE(lines[i].substr(0, text.size()) == text, lines[i]);
  };
  begins(2, "spider-40   running");
  begins(9, "spider-47   running");
  begins(10, "spider-9    degraded");
  begins(11, "spider-7    failed");
  begins(12, "spider-39   ok");
  begins(21, "spider-30   ok");
  CHECK(lines[22] == "… 152 waiting, 28 ok");
}

TEST_CASE("spiders that fit stay in their order, whatever becomes of them") {
  const LiveRun run{
      "Run 1",
      7s,
      {row("c", RowState::waiting), row("a", RowState::ok), row("b", RowState::running)}};
  const auto lines = live_table(run, {80, 6, false});
  REQUIRE(lines.size() == 4);
  CHECK(lines[1].front() == 'c');
  CHECK(lines[2].front() == 'a');
  CHECK(lines[3].front() == 'b');
}

TEST_CASE("no line is too wide and none too many, at any size") {
  auto hostile = big_run(5);
  hostile.rows[0].name = printable("\x1b[2J\u202e\xff");
  hostile.rows[1].name = std::string(300, 'x');
  hostile.rows[2].name = "日本語日本語日本語日本語日本語日本語日本語日本語";
  hostile.rows[3].note = std::string(5000, 'y');
  hostile.rows[4].name = "";
  hostile.rows[4].progress = Progress{INT64_MAX, INT64_MAX, INT64_MAX};
  for (const auto& run : {big_run(200), big_run(3), hostile, LiveRun{"Run 1", 0s, {}}}) {
    for (std::size_t width = 1; width <= 200; ++width) {
      for (const std::size_t height : {1U, 2U, 3U, 4U, 8U, 9U, 10U, 24U, 50U, 300U}) {
        const auto plain = live_table(run, {width, height, false});
        const auto coloured = live_table(run, {width, height, true});
        REQUIRE(plain.size() <= std::max<std::size_t>(height, 2) - 1);
        REQUIRE(plain.size() == coloured.size());
        for (std::size_t i = 0; i < plain.size(); ++i) {
          CAPTURE(width);
          CAPTURE(plain[i]);
          REQUIRE(width_of(plain[i]) <= width);
          REQUIRE(plain[i].find('\x1b') == std::string::npos);
          const auto bare = without_escapes(coloured[i]);
          REQUIRE(bare.substr(0, plain[i].size()) == plain[i]);
        }
      }
    }
  }
}

TEST_CASE("on the smallest screen there is what runs") {
  const auto lines = live_table(big_run(200), {20, 3, false});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "Run 12 · 8 running …");
  CHECK(lines[1] == "spider-40   running");
}

TEST_CASE("with colour each state has its own") {
  const auto lines = live_table(big_run(48), {80, 100, true});
  CHECK(has(lines, "\x1b[36mrunning"));
  CHECK(has(lines, "\x1b[31mfailed"));
  CHECK(has(lines, "\x1b[33mdegraded"));
  CHECK(has(lines, "\x1b[32mok"));
}

TEST_CASE("what takes long is said in whole seconds") {
  CHECK(whole_words(0s) == "0 s");
  CHECK(whole_words(9999ms) == "9 s");
  CHECK(whole_words(10s) == "10 s");
  CHECK(whole_words(192s) == "3 min 12 s");
}

TEST_CASE("few spiders leave a line each, many only those that are not ok") {
  std::vector<SummaryRow> rows{
      {"books", RowState::ok, 83s, "12 items, 3 pages", "", "log: /logs/books.log"},
      {"news", RowState::degraded, 3s, "0 items, 3 pages", "no items", "log: /logs/news.log"},
      {"x", RowState::failed, 1500ms, "", "exit status 1", "log: /logs/x.log"},
      {"y", RowState::waiting, 0s, "", "", "log: /logs/y.log"},
  };
  CHECK(run_summary(rows, 242s, false) ==
        Lines{"books  ok        1 min 23 s, 12 items, 3 pages",
              "news   degraded  3.0 s, 0 items, 3 pages: no items; log: /logs/news.log",
              "x      failed    1.5 s: exit status 1; log: /logs/x.log", "y      not run",
              "1 of 4 spiders ok, 1 degraded, 1 failed, 1 not run, in 4 min 2 s"});
  for (int i = 0; i < 20; ++i) rows.push_back({"more", RowState::ok, 1s, "", "", ""});
  CHECK(run_summary(rows, 242s, false) ==
        Lines{"news  degraded  3.0 s, 0 items, 3 pages: no items; log: /logs/news.log",
              "x     failed    1.5 s: exit status 1; log: /logs/x.log",
              "21 of 24 spiders ok, 1 degraded, 1 failed, 1 not run, in 4 min 2 s"});
  CHECK(run_summary({rows[0]}, 83s, false).back() == "1 of 1 spider ok, in 1 min 23 s");
  CHECK(run_summary({}, 0s, false).empty());
  CHECK(has(run_summary(rows, 242s, true), "\x1b[31mfailed"));
}

}  // namespace spider_check
