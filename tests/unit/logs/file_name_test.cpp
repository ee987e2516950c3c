#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "logs/log_name.hpp"
#include "util/text.hpp"

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
  CHECK(log_path("/var/log/x/default", "news", {17, 2}) ==
        "/var/log/x/default/news/run-17-attempt-2.log");
  CHECK(log_path("/x/default", "news", {17, 2, 3, 4}) ==
        "/x/default/news/run-17+3-attempt-2.4.log");
  CHECK(log_path(std::filesystem::path("logs") / to_file_name("a/b"), "..", {1, 1}) ==
        "logs/a%2Fb/%2E./run-1-attempt-1.log");
}

TEST_CASE("a file name gives back the text that it was made of") {
  for (const auto& text : nasty_names()) {
    const auto name = to_file_name(text);
    CAPTURE(name);
    const bool cut = name.size() == 120 && name.find('~') != std::string::npos;
    CHECK(from_file_name(name) == (cut ? name : text));
  }
}

TEST_CASE("a file name that was not made of any text stays as it is") {
  for (const std::string name :
       {"", "a b", "%4", "%4g", "a%", "%41", "%c3%a9", "%+1", ".hidden", "a~b", "é", "%%20"}) {
    CAPTURE(name);
    CHECK(from_file_name(name) == name);
  }
}

TEST_CASE("a log's name tells the run and the attempt") {
  CHECK(parse_log_name("run-17-attempt-2.log") == LogName{17, 2});
  CHECK(parse_log_name("/logs/default/a/run-9000000000-attempt-12.report") ==
        LogName{9'000'000'000, 12});
  CHECK(parse_log_name("run-17+3-attempt-2.log") == LogName{17, 2, 3});
  CHECK(parse_log_name("run-0+1-attempt-1.report") == LogName{0, 1, 1});
  CHECK(parse_log_name("run-17-attempt-2.2.log") == LogName{17, 2, 0, 2});
  CHECK(parse_log_name("run-17+3-attempt-2.10.report") == LogName{17, 2, 3, 10});
  CHECK(LogName{9, 3} < LogName{1, 1, 0, 2});
  CHECK(LogName{9, 3, 4, 2} < LogName{1, 1, 0, 3});
  CHECK(LogName{9, 3} < LogName{10, 1});
  CHECK(LogName{9, 3} < LogName{9, 1, 1});
  CHECK(LogName{9, 3, 2} < LogName{10, 1});
  CHECK(LogName{9, 1} < LogName{9, 2});
}

TEST_CASE("a run is asked for by its number, with the series or without") {
  CHECK(parse_log_run("17") == LogRun{17});
  CHECK(parse_log_run("17.1") == LogRun{17, 0, 1});
  CHECK(parse_log_run("17+2.3") == LogRun{17, 2, 3});
  CHECK(to_string(run_of({17, 1})) == "17");
  CHECK(to_string(run_of({17, 1, 2, 3})) == "17+2.3");
  for (const std::string text : {"", "17.", "17.0", "17.01", ".2", "17.2.3", "17.2+1", "17.x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_log_run(text).has_value());
  }
}

TEST_CASE("only a name that a log has is a log's") {
  for (const std::string name : {"",
                                 "run-1-attempt-1",
                                 "run-1-attempt-1.log.gz",
                                 "run-1-attempt-1.txt",
                                 "run-1.log",
                                 "run--1-attempt-1.log",
                                 "run-01-attempt-1.log",
                                 "run-0-attempt-1.log",
                                 "run-1-attempt-0.log",
                                 "run-1-attempt-.log",
                                 "run-+1-attempt-1.log",
                                 "run-a-attempt-1.log",
                                 "run-99999999999999999999-attempt-1.log",
                                 "run-1-attempt-9999999999.log",
                                 "run- 1-attempt-1.log",
                                 "xrun-1-attempt-1.log",
                                 "Run-1-attempt-1.log",
                                 "run-1-attempt-1.log\n",
                                 "run-1-attempt-1-2.log",
                                 "run-1-attempt-1.0.log",
                                 "run-1-attempt-1.1.log",
                                 "run-1-attempt-1.02.log",
                                 "run-1-attempt-1.2",
                                 "run-1-attempt-1..log",
                                 "run-1-attempt-1.2.3.log",
                                 "run-1.2-attempt-1.log",
                                 "run-1-attempt-1.99999999999.log",
                                 "run-1-attempt-1.reports"}) {
    CAPTURE(name);
    CHECK_FALSE(parse_log_name(name).has_value());
  }
}

TEST_CASE("a log file stays inside the log directory, whatever the names are") {
  const std::filesystem::path directory = "/var/log/spider-check";
  for (const auto& name : nasty_names()) {
    const auto path = log_path(directory / to_file_name(name), name, {1, 1});
    CAPTURE(path.string());
    CHECK(path.lexically_normal() == path);
    CHECK(path.parent_path().parent_path().parent_path() == directory);
  }
}

}  // namespace spider_check
