#include <string_view>

#include <doctest/doctest.h>

#include "util/time.hpp"

namespace spider_check {

using namespace std::chrono_literals;

TEST_CASE("a duration reads as people write it") {
  struct Row {
    std::string text;
    Duration duration;
  };

  const Row rows[] = {
      {"4h", 4h},
      {"90m", 90min},
      {"1h30m", 90min},
      {"45s", 45s},
      {"90d", 90 * 24h},
      {"250ms", 250ms},
      {"1d2h3m4s5ms", 26h + 3min + 4s + 5ms},
      {"1h5ms", 1h + 5ms},
      {"0s", 0s},
      {"0d", 0s},
      {"0h0m", 0s},
      {"007s", 7s},
      {"100h", 100h},
      {"10000d", 10'000 * 24h},
      {"240000h", 10'000 * 24h},
      {"9999d24h", 10'000 * 24h},
      {"864000000000ms", 10'000 * 24h},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_duration(row.text) == row.duration);
  }
}

TEST_CASE("what is no duration is none") {
  const std::string_view rows[] = {
      "",
      "4",
      "h",
      "4 h",
      " 4h",
      "4h ",
      "4h\n",
      "1h 30m",
      "1h,30m",
      "-4h",
      "+4h",
      "1h-30m",
      "1.5h",
      "1,5h",
      "1e3s",
      "0x10s",
      "4H",
      "4hours",
      "4hr",
      "4min",
      "1w",
      "1y",
      "4us",
      "1h30",
      "301",
      "hh",
      "4hh",
      "4h4",
      "s4",
      "four hours",
      "infinity",
      "nan",
      "\"4h\"",
      "4\xC2\xB5s",     // µs
      "\xD9\xA4h",      // an Arabic-Indic four
      "\xEF\xBC\x94h",  // a full-width four
      "4\xEF\xBD\x88",  // a full-width h
      "\xE2\x88\x92"
      "4h",          // a minus sign that is no hyphen
      "4\xC2\xA0h",  // a no-break space
      std::string_view("4h\0", 3),
      std::string_view("4\0h", 3),
  };
  for (const auto row : rows) {
    CAPTURE(row);
    CHECK_FALSE(parse_duration(row).has_value());
  }
}

TEST_CASE("units come largest first, so that a slip does not pass for a duration") {
  for (const std::string text : {"30m1h", "1s1m", "1ms1s", "1h1d", "1h30m1d"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

TEST_CASE("each unit comes once") {
  for (const std::string text : {"1d1d", "1h1h", "1m1m", "1s1s", "1ms1ms", "1h1m1m"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

TEST_CASE("ten thousand days are the longest duration, whatever they are written in") {
  for (const std::string text :
       {"10001d", "10000d1ms", "10000d24h", "240001h", "9999d24h1ms", "864000000001ms",
        "9223372036854775807d", "9223372036854775807ms", "9223372036854775808s",
        "99999999999999999999999999999999h", "10000d9223372036854775807ms"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

TEST_CASE("a duration is written in the fewest units") {
  struct Row {
    Duration duration;
    std::string text;
  };

  const Row rows[] = {
      {0s, "0s"},
      {1ms, "1ms"},
      {999us, "0s"},
      {1999us, "1ms"},
      {1500ms, "1s500ms"},
      {60s, "1m"},
      {90min, "1h30m"},
      {4h, "4h"},
      {24h, "1d"},
      {90 * 24h, "90d"},
      {25h + 1s, "1d1h1s"},
      {-90min, "-1h30m"},
      {10'000 * 24h, "10000d"},
  };
  for (const auto& row : rows) CHECK(to_text(row.duration) == row.text);
}

TEST_CASE("what is written reads back as the same duration") {
  // Steps that are prime to every unit, so that all of them take part.
  for (Duration duration{0}; duration < 10'000 * 24h; duration = 3 * duration + 7ms) {
    const auto text = to_text(duration);
    CAPTURE(text);
    CHECK(parse_duration(text) == duration);
  }
  for (auto duration = Duration(0); duration < 3h; duration += 61'001ms) {
    CHECK(parse_duration(to_text(duration)) == duration);
  }
}

TEST_CASE("a duration for people has at most two units, rounded down") {
  struct Row {
    Duration duration;
    std::string words;
  };

  const Row rows[] = {
      {0s, "0.0 s"},
      {99ms, "0.0 s"},
      {1200ms, "1.2 s"},
      {1299ms, "1.2 s"},
      {9999ms, "9.9 s"},
      {10s, "10 s"},
      {43s + 900ms, "43 s"},
      {59s + 999ms, "59 s"},
      {60s, "1 min"},
      {61s, "1 min 1 s"},
      {59min + 59s, "59 min 59 s"},
      {1h, "1 h"},
      {1h + 59s, "1 h"},
      {2h + 3min + 59s, "2 h 3 min"},
      {23h + 59min, "23 h 59 min"},
      {24h, "1 d"},
      {24h + 59min, "1 d"},
      {76h + 30min, "3 d 4 h"},
      {90 * 24h, "90 d"},
      {-90min, "-1 h 30 min"},
      {-500ms, "-0.5 s"},
  };
  for (const auto& row : rows) CHECK(to_words(row.duration) == row.words);
}

}  // namespace spider_check
