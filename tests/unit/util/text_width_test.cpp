#include "util/text_width.hpp"

#include <doctest/doctest.h>

#include "util/text.hpp"
#include "util/zone.hpp"

namespace spider_check {

TEST_CASE("a text is as wide as a terminal shows it") {
  struct Row {
    std::string text;
    std::size_t width;
  };

  const Row rows[] = {
      {"", 0},
      {"plain", 5},
      {"größe", 5},
      {"日本", 4},
      {"Ａ", 2},
      {"한국", 4},
      {"😀", 2},
      {"e\u0301", 1},
      {"\u0301", 0},
      {"a\u200bb", 2},
      {"…·", 2},
      {"\xff\xfe", 2},
      {"\xe6\x97", 2},              // a wide character that is cut off
      {"\xc0\x80", 2},              // a zero byte in too long a form
      {"\xed\xa0\x80", 3},          // half a surrogate pair
      {"\xf4\x90\x80\x80", 4},      // beyond the last character
      {"\xe6\x97\xa5\xe6\x9c", 4},  // one whole, one cut off
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(width_of(row.text) == row.width);
  }
}

TEST_CASE("a text is cut where its columns end") {
  struct Row {
    std::string text;
    std::size_t width;
    std::string cut;
  };

  const Row rows[] = {
      {"plain", 5, "plain"},
      {"plain", 6, "plain"},
      {"plain", 4, "pla…"},
      {"plain", 1, "…"},
      {"plain", 0, ""},
      {"", 0, ""},
      {"größer", 6, "größer"},
      {"größer", 5, "größ…"},
      {"日本語", 6, "日本語"},
      {"日本語", 5, "日本…"},
      {"日本語", 4, "日…"},
      {"日本語", 2, "…"},
      {"e\u0301e", 2, "e\u0301e"},
      {"e\u0301ee", 2, "e\u0301…"},
      {"a\xff", 2, "a?"},
      {"\xff\xff\xff", 2, "?…"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(cut_to(row.text, row.width) == row.cut);
    CHECK(width_of(cut_to(row.text, row.width)) <= row.width);
  }
}

TEST_CASE("a heap of accents is cut, too") {
  std::string text = "a";
  for (int i = 0; i < 10'000; ++i) text += "\u0301";
  CHECK(cut_to(text, 10).size() < 1000);
}

TEST_CASE("a text is filled up to its column") {
  CHECK(fill_to("日", 4) == "日  ");
  CHECK(fill_to("日本語", 4) == "日… ");
  CHECK(fill_to("abc", 3) == "abc");
  CHECK(fill_to("abcd", 3) == "ab…");
  CHECK(fill_to("", 2) == "  ");
}

TEST_CASE("what would steer a terminal beyond ASCII becomes visible") {
  struct Row {
    std::string text;
    std::string line;
  };

  const Row rows[] = {
      {"\u009b31m", "\\u009b31m"}, {"\u0085", "\\u0085"}, {"\u202egnp", "\\u202egnp"},
      {"\u2066x", "\\u2066x"},     {"\u2028", "\\u2028"}, {"\u200b", "\\u200b"},
      {"\x9b", "\\x9b"},           {"\xff", "\\xff"},     {"\u00a0", "\u00a0"},
      {"👩\u200d👧", "👩\u200d👧"},    {"蜘蛛", "蜘蛛"},
  };
  for (const auto& row : rows) CHECK(printable(row.text) == row.line);
}

TEST_CASE("a line that is too long is broken between words, below its last column") {
  CHECK(wrap("a line that is too long\nshort\n", 10) == "a line\nthat is\ntoo long\nshort\n");
  CHECK(wrap("Next due    now and then\n", 18) ==
        "Next due    now\n            and\n            then\n");
  CHECK(wrap("      one two three", 14) == "      one two\n      three");
  CHECK(wrap("see /a/path/that/is/long", 10) == "see\n/a/path/that/is/long");
  CHECK(wrap("one two", 0) == "one two");
  CHECK(wrap("\x1b[31mone\x1b[0m two", 7) == "\x1b[31mone\x1b[0m two");
  CHECK(wrap("größe größe", 11) == "größe größe");
  CHECK(wrap("", 5).empty());
}

TEST_CASE("a log is named by its file, and on a terminal by the command that shows it") {
  const Output output{80, false, "spider-check logs", "/logs"};
  CHECK(place_of_log("/logs/a/run-1.log", "a", output) == "see: spider-check logs a");
  CHECK(place_of_log("/logs/a/run-1.log", "a", output, " --run 1") ==
        "see: spider-check logs a --run 1");
  CHECK(place_of_log("/logs/a/run-1.log", "a", {}) == "log: /logs/a/run-1.log");
  CHECK(place_of_log("/elsewhere/a.log", "a", output) == "log: /elsewhere/a.log");
  CHECK(place_of_log("/logs/x.log", "$(reboot)", output) == "log: /logs/x.log");
}

}  // namespace spider_check
