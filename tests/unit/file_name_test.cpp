#include "core/file_name.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace spider_check {

namespace {

/** Names that somebody may give to harm or by accident, and their like in pairs. */
std::vector<std::string> nasty_names() {
  std::vector<std::string> names{"",
                                 " ",
                                 ".",
                                 "..",
                                 "...",
                                 "./",
                                 "../",
                                 "../../etc/passwd",
                                 "/",
                                 "//",
                                 "/etc/passwd",
                                 "a/b",
                                 "a/../b",
                                 "a//b",
                                 "a\\b",
                                 "%",
                                 "%2E",
                                 "%2e",
                                 "%25",
                                 "%%",
                                 "~",
                                 "~root",
                                 "-",
                                 "--help",
                                 "-rf",
                                 "*",
                                 "?",
                                 "a*",
                                 "$HOME",
                                 "`id`",
                                 "$(id)",
                                 "a;b",
                                 "a|b",
                                 "a&b",
                                 "'a'",
                                 "\"a\"",
                                 "a b",
                                 "a  b",
                                 " a",
                                 "a ",
                                 "a\n",
                                 "\n",
                                 "a\tb",
                                 "\x1b[31m",
                                 "\x7f",
                                 "\xff",
                                 "\xff\xfe",
                                 "é",
                                 "e\xCC\x81",
                                 "日本",
                                 "CON",
                                 "nul",
                                 "a.",
                                 "a..",
                                 ".a",
                                 "a.log",
                                 ".hidden",
                                 "a:b",
                                 "a%2Fb",
                                 "run-1",
                                 std::string(1, '\0'),
                                 std::string("a\0b", 3),
                                 std::string("a\0", 2)};
  for (const std::size_t length : {111U, 112U, 119U, 120U, 121U, 255U, 5000U}) {
    names.emplace_back(length, 'a');
    names.push_back(std::string(length, 'a') + "b");
    names.emplace_back(length, '/');
    names.emplace_back(length, '.');
  }
  for (int byte = 1; byte < 256; ++byte) {
    names.push_back("x" + std::string(1, static_cast<char>(byte)));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

TEST_CASE("a file name keeps what is harmless and escapes the rest") {
  struct Row {
    std::string text;
    std::string name;
  };

  const Row rows[] = {
      {"news", "news"},
      {"News_2-b.x", "News_2-b.x"},
      {"a b", "a%20b"},
      {"a/b", "a%2Fb"},
      {"", "%"},
      {"%", "%25"},
      {".", "%2E"},
      {"..", "%2E."},
      {".hidden", "%2Ehidden"},
      {"é", "%C3%A9"},
      {"a~b", "a%7Eb"},
      {"\n", "%0A"},
  };
  for (const auto& row : rows) CHECK(to_file_name(row.text) == row.name);
}

TEST_CASE("two texts never share a file name") {
  std::map<std::string, std::string> seen;
  for (const auto& text : nasty_names()) {
    const auto inserted = seen.emplace(to_file_name(text), text);
    CAPTURE(inserted.first->second);
    CAPTURE(text);
    CHECK(inserted.second);
  }
}

TEST_CASE("a file name is never empty, special, long or anything but plain ASCII") {
  for (const auto& text : nasty_names()) {
    const auto name = to_file_name(text);
    CAPTURE(name);
    CHECK_FALSE(name.empty());
    CHECK(name.size() <= 120);
    CHECK(name.front() != '.');
    CHECK(std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; }));
    CHECK(name.find_first_of("/\\*?\"'`$;|&<>") == std::string::npos);
  }
}

TEST_CASE("a name of exactly 120 bytes is kept whole, a longer one ends with its hash") {
  CHECK(to_file_name(std::string(120, 'a')) == std::string(120, 'a'));
  CHECK(to_file_name(std::string(121, 'a')) == std::string(111, 'a') + "~019ebb34");
}

TEST_CASE("a log file is named by schedule, spider, run and attempt") {
  CHECK(log_path("/var/log/x", "default", "news", 17, 2) ==
        "/var/log/x/default/news/run-17-attempt-2.log");
  CHECK(log_path("logs", "a/b", "..", 1, 1) == "logs/a%2Fb/%2E./run-1-attempt-1.log");
}

TEST_CASE("a log file stays inside the log folder, whatever the names are") {
  const std::filesystem::path folder = "/var/log/spider-check";
  for (const auto& name : nasty_names()) {
    const auto path = log_path(folder, name, name, 1, 1);
    CAPTURE(path.string());
    CHECK(path.lexically_normal() == path);
    CHECK(path.parent_path().parent_path().parent_path() == folder);
  }
}

}  // namespace spider_check
