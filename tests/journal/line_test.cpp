#include <doctest/doctest.h>

#include "outbox/attempt_file.hpp"

namespace spider_check {

namespace {

std::string line_of(const std::string& record) {
  auto line = to_line(record);
  CHECK(line.back() == '\n');
  line.pop_back();
  return line;
}

}  // namespace

TEST_CASE("a line gives back the record that it was made of") {
  for (const std::string record : {R"({"a": 1})", "", "ä🕷 \t x", R"("1 00000000 ")"}) {
    CAPTURE(record);
    const auto line = read_line(line_of(record));
    CHECK(line.kind == Line::Kind::good);
    CHECK(line.record == record);
  }
}

TEST_CASE("a line that was cut anywhere is damaged") {
  const auto whole = line_of(R"({"kind": "start"})");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    CHECK(read_line(whole.substr(0, length)).kind == Line::Kind::damaged);
  }
}

TEST_CASE("a line in which any byte changed is not taken for a good one of this version") {
  const auto whole = line_of(R"({"kind": "start"})");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CAPTURE(changed);
    CHECK(read_line(changed).kind != Line::Kind::good);
  }
}

TEST_CASE("a line of another version is known as such, as long as it is whole") {
  auto line = line_of("{}");
  line.replace(0, 1, "3");
  CHECK(read_line(line).kind == Line::Kind::foreign);
  line.replace(0, 1, "17");
  CHECK(read_line(line).kind == Line::Kind::foreign);
  line.replace(0, 2, "0");
  CHECK(read_line(line).kind == Line::Kind::damaged);
  CHECK(read_line("17 no checksum").kind == Line::Kind::damaged);
}

}  // namespace spider_check
