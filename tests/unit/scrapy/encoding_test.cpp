// Texts in a database that cannot keep every letter.
#include <doctest/doctest.h>

#include "db/values.hpp"

namespace spider_check {

TEST_CASE("what is not ASCII is escaped, and read back as it was") {
  struct Case {
    const char* text;
    const char* kept;
  };

  const Case cases[] = {{"", ""},
                        {"plain", "plain"},
                        {"für", "f\\u00fcr"},
                        {"новости", "\\u043d\\u043e\\u0432\\u043e\\u0441\\u0442\\u0438"},
                        {"日本", "\\u65e5\\u672c"},
                        {"a😀b", "a\\ud83d\\ude00b"},
                        {"C:\\users", "C:\\users"},
                        {"\\u0041 stays", "\\u0041 stays"}};
  for (const auto& [text, kept] : cases) {
    CHECK(escaped(text) == kept);
    CHECK(unescaped(kept) == text);
  }
}

TEST_CASE("what is no escape is left as it is") {
  for (const auto* text : {"\\u", "\\u12", "\\uzzzz", "\\u-123", "a\\"})
    CHECK(unescaped(text) == text);
}

TEST_CASE("within quotes a backslash stands twice") {
  CHECK(escaped("[\"ü\"]", "\\\\u") == "[\"\\\\u00fc\"]");
}

}  // namespace spider_check
