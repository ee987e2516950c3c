// Text of others on its way into the page.
#include "render/html.hpp"

#include <limits>
#include <string>

#include <doctest/doctest.h>

namespace spider_check::render {

TEST_CASE("what HTML would take for its own is escaped") {
  CHECK(escape_html("</p> & \"a\" 'b'") == "&lt;/p&gt; &amp; &quot;a&quot; &#39;b&#39;");
  CHECK(escape_html("&lt;") == "&amp;lt;");
  CHECK(escape_html("ärger 日本 🕷") == "ärger 日本 🕷");
  CHECK(escape_html("").empty());
}

TEST_CASE("a name is shown on one line, with what steers or is no UTF-8 as such") {
  CHECK(html_text("<b>\n\x1b[31m\xff") == R"(&lt;b&gt;\n\x1b[31m\xff)");
  CHECK(html_text("a\u202e<") == R"(a\u202e&lt;)");
  CHECK(html_text(std::string("a\0b", 3)) == R"(a\x00b)");
}

TEST_CASE("a long name is cut before it is escaped, so that no entity is cut") {
  CHECK(html_text("<<<<<", 3) == "&lt;&lt;…");
  CHECK(html_text(std::string(1'000'000, 'x'), 10) == "xxxxxxxxx…");
  CHECK(html_text("12345", 5) == "12345");
}

TEST_CASE("a log keeps its lines and tabs") {
  CHECK(html_log("a\n\tb <c>\n") == "a\n\tb &lt;c&gt;\n");
  CHECK(html_log("").empty());
  CHECK(html_log("\x1b[31m\xff\xfe \xe2\x80\xae") == R"(\x1b[31m\xff\xfe \xe2\x80\xae)");
}

TEST_CASE("of a long log the last forty lines are shown") {
  std::string log;
  for (int i = 1; i <= 100; ++i) log += std::to_string(i) + "\n";
  const auto shown = html_log(log);
  CHECK(shown.substr(0, shown.find('\n')) == "…");
  CHECK(shown.find("\n61\n") != shown.npos);
  CHECK(shown.find("\n60\n") == shown.npos);
  CHECK(shown.ends_with("99\n100\n"));
  log.pop_back();
  CHECK(html_log(log).find("\n61\n") != shown.npos);
  CHECK(html_log(log).find("\n60\n") == shown.npos);
}

TEST_CASE("of one line that is longer than all that is shown, the end") {
  const auto shown = html_log(std::string(1'000'000, 'x') + "y");
  CHECK(shown.size() < 8300);
  CHECK(shown.ends_with("xy"));
  CHECK(html_log(std::string(1'000'000, 'x') + "\n").ends_with("xx\n"));
  CHECK(html_log(std::string(20'000, '\n')).size() < 100);
}

TEST_CASE("no character of a log is cut in its middle") {
  std::string log;
  while (log.size() < 20'000) log += "€";
  CHECK(html_log(log).find("\\x") == std::string::npos);
  log += "a";
  CHECK(html_log(log).find("\\x") == std::string::npos);
  log += "a";
  CHECK(html_log(log).find("\\x") == std::string::npos);
}

TEST_CASE("JSON in a script cannot end it") {
  CHECK(escape_json(R"(["</script><!--&"])") == R"(["\u003c/script\u003e\u003c!--\u0026"])");
  CHECK(escape_json("\"\u2028\u2029€\"") == "\"\\u2028\\u2029€\"");
}

TEST_CASE("numbers are grouped for people") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(1234567) == "1,234,567");
  CHECK(grouped(-123) == "-123");
  CHECK(grouped(-1234) == "-1,234");
  CHECK(grouped(std::numeric_limits<std::int64_t>::min()) == "-9,223,372,036,854,775,808");
  CHECK(counted(1, "run") == "1 run");
  CHECK(counted(2000, "run") == "2,000 runs");
}

TEST_CASE("rounding goes to the nearest whole number, and never beyond all numbers") {
  CHECK(to_nearest(0.4) == 0);
  CHECK(to_nearest(0.5) == 1);
  CHECK(to_nearest(-0.5) == -1);
  CHECK(to_nearest(1e300) == 9'000'000'000'000'000'000);
}

TEST_CASE("a share of a width stays within it") {
  CHECK(percent(0) == "0%");
  CHECK(percent(1) == "100%");
  CHECK(percent(0.12345) == "12.35%");
  CHECK(percent(-1) == "0%");
  CHECK(percent(7) == "100%");
  CHECK(percent(std::numeric_limits<double>::quiet_NaN()) == "0%");
}

}  // namespace spider_check::render
