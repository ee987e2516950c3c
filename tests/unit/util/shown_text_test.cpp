#include <algorithm>

#include <doctest/doctest.h>

#include "util/text.hpp"

namespace spider_check {

TEST_CASE("passwords of URLs are hidden, and nothing else") {
  struct Row {
    std::string text;
    std::string shown;
  };

  const Row rows[] = {
      {"postgresql://me:s3cret@db/x", "postgresql://me:***@db/x"},
      {"see http://u:p@a/1 and ftp://v:q@b/2", "see http://u:***@a/1 and ftp://v:***@b/2"},
      {"https://:token@host", "https://:***@host"},
      {"https://u:a:b@c@host/x", "https://u:***@host/x"},
      {"'amqp://u:p@h'", "'amqp://u:***@h'"},
      {"https://host:8080/a@b:c", "https://host:8080/a@b:c"},
      {"https://me@host/", "https://me@host/"},
      {"//u:p@h", "//u:***@h"},
      {"host=a password=s3cret user=b", "host=a password=*** user=b"},
      {"?password=s3cret&x=1&password=t", "?password=***&x=1&password=***"},
      {"password=", "password="},
      {"a // comment: b@c", "a // comment: b@c"},
      {"//", "//"},
      {"", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(without_passwords(row.text) == row.shown);
    CHECK(without_passwords(row.shown) == row.shown);
  }
}

TEST_CASE("the end of a log is bounded, and steers nothing") {
  CHECK(shown_end("a\n\tb\n") == "a\n\tb\n");
  CHECK(shown_end("").empty());
  CHECK(shown_end("\x1b[31mred\x1b]0;t\x07 \xc2\x9b \xff\r\n") ==
        "\\x1b[31mred\\x1b]0;t\\x07 \\xc2\\x9b \\xff\\x0d\n");
  std::string log;
  for (int i = 1; i <= 100; ++i) log += std::to_string(i) + " http://u:p@h\n";
  const auto shown = shown_end(log);
  CHECK(shown_end(log.substr(0, log.size() - 1)).starts_with("…\n61 "));
  CHECK(shown.starts_with("…\n61 http://u:***@h\n"));
  CHECK(std::count(shown.begin(), shown.end(), '\n') == 41);
  CHECK(shown_end(std::string(std::size_t{1} << 20U, 'x')).size() < 8300);
  CHECK(shown_end(std::string(std::size_t{1} << 20U, '\x1b')).size() < 4 * 8300);
}

TEST_CASE("of one line that is longer than all that is shown, the end") {
  CHECK(shown_end(std::string(1'000'000, 'x') + "y").ends_with("xy"));
  CHECK(shown_end(std::string(1'000'000, 'x') + "\n").ends_with("xx\n"));
  CHECK(shown_end(std::string(20'000, '\n')).size() < 100);
}

TEST_CASE("no character of a log is cut in its middle") {
  std::string log;
  while (log.size() < 20'000) log += "€";
  for (int i = 0; i < 3; ++i) {
    CHECK(shown_end(log).find("\\x") == std::string::npos);
    log += "a";
  }
}

TEST_CASE("a line is one line, bounded, and steers nothing") {
  CHECK(shown_line("plain ä 日本", 100) == "plain ä 日本");
  CHECK(shown_line("a\nb\tc\x1b[2J\x7f", 100) == "a\\nb\\x09c\\x1b[2J\\x7f");
  CHECK(shown_line("\xe2\x80\xaegnp", 100) == "\\u202egnp");
  CHECK(shown_line(std::string("a\0b", 3), 100) == "a?b");
  CHECK(shown_line("\xff", 100) == "\xff");
  CHECK(shown_line("http://u:s3cret@h", 100) == "http://u:***@h");
  CHECK(shown_line("12345", 5) == "12345");
  CHECK(shown_line("123456", 5) == "12345…");
  CHECK(shown_line("日本語", 7) == "日本…");
  CHECK(shown_line(std::string(1'000'000, '\n'), 100).size() <= 103);
}

}  // namespace spider_check
