#include <doctest/doctest.h>

#include "util/text.hpp"

namespace spider_check {

namespace {

struct Row {
  std::string bytes;
  std::string shown;
};

const Row rows[] = {
    {"", ""},
    {"plain text, ~ and \\\n", "plain text, ~ and \\\n"},
    {"a\tb\nc", "a\tb\nc"},
    {"é 日本 🕷 \xC2\xA0", "é 日本 🕷 \xC2\xA0"},
    {"\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"},
    {"over\rwritten\b", "over\\x0dwritten\\x08"},
    {std::string("\0\x7f", 2), "\\x00\\x7f"},
    {"\xC2\x9B"
     "31m",
     "\\xc2\\x9b31m"},
    {"\xC2\x80\xC2\x9F", "\\xc2\\x80\\xc2\\x9f"},
    {"\x9B"
     "31m",
     "\\x9b31m"},
    {"\xFF\xFE", "\\xff\\xfe"},
    {"\xC0\x9B", "\\xc0\\x9b"},
    {"\xC1\xBF", "\\xc1\\xbf"},
    {"\xE0\x82\x9B", "\\xe0\\x82\\x9b"},
    {"\xF0\x80\x82\x9B", "\\xf0\\x80\\x82\\x9b"},
    {"\xED\xA0\x80", "\\xed\\xa0\\x80"},
    {"\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
    {"\xE2\x80\xAE"
     "gpj",
     "\\xe2\\x80\\xaegpj"},
    {"\xE2\x81\xA6", "\\xe2\\x81\\xa6"},
    {"\xE3\x81\x1b[m", "\\xe3\\x81\\x1b[m"},
    {"\xC3", "\\xc3"},
    {"a\xF0\x9F\x95", "a\\xf0\\x9f\\x95"},
};

}  // namespace

TEST_CASE("what could steer a terminal is shown and not done") {
  for (const auto& row : rows) {
    TerminalText text;
    auto shown = text.add(row.bytes);
    shown += text.finish();
    CHECK(shown == row.shown);
  }
}

TEST_CASE("the same comes out however the bytes come in") {
  for (const auto& row : rows) {
    TerminalText text;
    std::string shown;
    for (const char c : row.bytes) shown += text.add({&c, 1});
    CHECK(shown + text.finish() == row.shown);
  }
}

TEST_CASE("whole characters do not wait") {
  TerminalText text;
  CHECK(text.add("\xC3") == "");
  CHECK(text.add("\xA9"
                 "a") == "éa");
  CHECK(text.add("\xE2\x82") == "");
  CHECK(text.add("\n") == "\\xe2\\x82\n");
}

TEST_CASE("no byte below 0x20 comes out but lines and tabs, whatever comes in") {
  TerminalText text;
  std::string all;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      all += {static_cast<char>(first), static_cast<char>(second)};
    }
  }
  auto shown = text.add(all);
  shown += text.finish();
  for (std::size_t at = 0; at < shown.size(); ++at) {
    const auto byte = static_cast<unsigned char>(shown[at]);
    const bool fine = byte == '\n' || byte == '\t' || (byte >= 0x20 && byte != 0x7F);
    const bool c1 = byte == 0xC2 && static_cast<unsigned char>(shown[at + 1]) < 0xA0;
    if (!fine || c1) FAIL("at " << at);
  }
}

}  // namespace spider_check
