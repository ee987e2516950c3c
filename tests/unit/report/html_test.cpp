// Foreign text on its way into the page.
#include <string>

#include <doctest/doctest.h>

#include "report/page.hpp"

namespace spider_check {

TEST_CASE("what HTML would take for its own is escaped") {
  CHECK(escape_html("</p> & \"a\" 'b'") == "&lt;/p&gt; &amp; &quot;a&quot; &#39;b&#39;");
  CHECK(escape_html("&lt;") == "&amp;lt;");
  CHECK(escape_html("ärger 日本 🕷") == "ärger 日本 🕷");
  CHECK(escape_html("").empty());
}

TEST_CASE("a name is shown on one line, and what steers or is not UTF-8 is escaped") {
  CHECK(shown_text("<b>\n\x1b[31m\xff") == R"(<b>\n\x1b[31m\xff)");
  CHECK(shown_text("a\u202e<\u2028") == R"(a\u202e<\u2028)");
  CHECK(shown_text(std::string("a\0b", 3)) == R"(a\x00b)");
}

TEST_CASE("a long name is cut") {
  CHECK(shown_text("<<<<<", 3) == "<<…");
  CHECK(shown_text(std::string(1'000'000, 'x'), 10) == "xxxxxxxxx…");
  CHECK(shown_text("12345", 5) == "12345");
}

TEST_CASE("JSON in a script cannot end it") {
  CHECK(escape_json(R"(["</script><!--&"])") == R"(["\u003c/script>\u003c!--&"])");
  CHECK(escape_json("\"€\"") == "\"€\"");
}

}  // namespace spider_check
