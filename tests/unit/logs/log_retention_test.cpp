#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "logs/run_logs.hpp"

namespace spider_check {

namespace {

using Names = std::vector<std::string>;

const std::string directory = "/logs/default/";

/** SPIDER/RUN.EXTENSION, the first attempt. */
struct File {
  std::string name;
  std::int64_t size = 10;
};

/** "a/3.log" is run 3 of spider a. */
std::string path_of(const std::string& name, const std::string& top = directory) {
  const auto slash = name.find('/');
  const auto dot = name.rfind('.');
  return top + name.substr(0, slash + 1) + "run-" + name.substr(slash + 1, dot - slash - 1) +
         "-attempt-1" + name.substr(dot);
}

std::vector<LogFile> files_of(const std::vector<File>& files) {
  std::vector<LogFile> logs;
  for (const auto& file : files) logs.push_back({path_of(file.name), file.size});
  return logs;
}

Names paths_of(const Names& names) {
  Names paths;
  for (const auto& name : names) paths.push_back(path_of(name));
  return paths;
}

Names removed(const std::vector<File>& files, const Names& wanted, LogLimits limits) {
  std::vector<std::filesystem::path> recorded;
  for (const auto& name : wanted) recorded.emplace_back(path_of(name));
  Names names;
  for (const auto& file : logs_to_delete(files_of(files), recorded, limits)) {
    names.push_back(file.path.string());
  }
  return names;
}

constexpr std::int64_t plenty = 1'000'000;

}  // namespace

TEST_CASE("what is too old goes, and then the oldest until the rest fits") {
  struct Row {
    std::string what;
    std::vector<File> files;
    Names wanted;
    LogLimits limits;
    Names gone;  ///< in order
  };

  const Row rows[] = {
      {"nothing is there", {}, {}, {9, 0}, {}},
      {"all is young and small", {{"a/1.log"}, {"a/2.log"}, {"b/2.log"}}, {}, {0, plenty}, {}},
      {"of runs that are too old",
       {{"a/1.log"}, {"a/2.log"}, {"a/3.log"}, {"a/4.log"}},
       {},
       {2, plenty},
       {"a/1.log", "a/2.log"}},
      {"the newest of each spider stays, however old",
       {{"a/1.log"}, {"b/1.log"}, {"b/2.log"}},
       {},
       {9, plenty},
       {"b/1.log"}},
      {"the newest run is the greatest number",
       {{"a/9.log"}, {"a/10.log"}},
       {},
       {90, plenty},
       {"a/9.log"}},
      {"too much: the oldest of all spiders go first",
       {{"a/2.log"}, {"b/1.log"}, {"a/3.log"}, {"b/3.log"}},
       {},
       {0, 19},
       {"b/1.log", "a/2.log"}},
      {"half of the size is left to what may go",
       {{"a/2.log"}, {"b/1.log"}, {"a/3.log"}, {"b/3.log"}},
       {},
       {0, 20},
       {"b/1.log"}},
      {"older is what has the smaller number",
       {{"a/10.log"}, {"b/9.log"}, {"a/11.log"}, {"b/11.log"}},
       {},
       {0, 20},
       {"b/9.log"}},
      {"exactly the size stays", {{"a/1.log"}, {"a/2.log"}}, {}, {0, 20}, {}},
      {"one byte too much", {{"a/1.log"}, {"a/2.log", 1}}, {}, {0, 10}, {"a/1.log"}},
      {"what is too old makes room",
       {{"a/1.log"}, {"a/2.log"}, {"a/3.log"}},
       {},
       {1, 20},
       {"a/1.log"}},
      {"a wanted log stays however old and big",
       {{"a/1.log", 5000}, {"a/2.log"}, {"a/3.log"}},
       {"a/1.log"},
       {2, 100},
       {"a/2.log"}},
      {"a flood that stays takes half of the room, and no more",
       {{"a/1.log", 5000}, {"a/2.log", 51}, {"a/3.log", 50}, {"a/4.log"}},
       {"a/1.log"},
       {0, 100},
       {"a/2.log"}},
      {"another spider's run of the same number is not wanted",
       {{"a/1.log"}, {"a/2.log"}, {"b/1.log"}, {"b/2.log"}},
       {"a/1.log"},
       {1, plenty},
       {"b/1.log"}},
      {"a report shares the fate of its log",
       {{"a/1.report"}, {"a/2.report"}, {"a/3.report"}, {"a/2.log"}, {"a/3.log"}},
       {"a/2.log"},
       {9, plenty},
       {"a/1.report"}},
      {"a report alone is no newest log", {{"a/7.report"}}, {}, {7, plenty}, {"a/7.report"}},
      {"no size at all leaves the newest",
       {{"a/1.log"}, {"a/2.log"}, {"b/1.log"}},
       {},
       {0, 0},
       {"a/1.log"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(removed(row.files, row.wanted, row.limits) == paths_of(row.gone));
  }
}

TEST_CASE("two attempts at a run are two logs, the later is the newer") {
  const std::vector<LogFile> files{{directory + "a/run-1-attempt-1.log", 10},
                                   {directory + "a/run-1-attempt-2.log", 10}};
  const auto gone = logs_to_delete(files, {}, {1, plenty});
  REQUIRE(gone.size() == 1);
  CHECK(gone.front().path == directory + "a/run-1-attempt-1.log");
}

TEST_CASE("where the numbers began anew the earlier series is the older") {
  const auto log = [](const std::string& name) {
    return LogFile{directory + "a/run-" + name + ".log", 10};
  };
  const std::vector<LogFile> files{log("1-attempt-1"), log("9-attempt-1"), log("1-attempt-1.2"),
                                   log("2-attempt-1.2"), log("3-attempt-1.2")};
  const auto gone = [&](const LogLimits& limits) {
    Names names;
    for (const auto& file : logs_to_delete(files, {}, limits))
      names.push_back(file.path.filename());
    return names;
  };
  CHECK(gone({0, plenty}).empty());
  CHECK(gone({0, 35}) == Names{"run-1-attempt-1.log", "run-9-attempt-1.log"});
  // Which of the earlier ones are too old is known when the first of the newest is.
  CHECK(gone({1, plenty}) ==
        Names{"run-1-attempt-1.log", "run-9-attempt-1.log", "run-1-attempt-1.2.log"});
  CHECK(gone({3, plenty}) == Names{"run-1-attempt-1.log", "run-9-attempt-1.log",
                                   "run-1-attempt-1.2.log", "run-2-attempt-1.2.log"});
}

TEST_CASE("a wanted log is known however its path is written, and wherever all logs were before") {
  const auto files = files_of({{"a/1.log"}, {"a/2.log"}});
  for (const std::string& top : {directory, std::string("/logs/./x/../default//"),
                                 std::string("/old/place/default/"), std::string("default/")}) {
    CHECK(logs_to_delete(files, {path_of("a/1.log", top)}, {1, plenty}).empty());
  }
  CHECK(logs_to_delete(files, {"", "/", "a/1.log", "/logs/default/a"}, {1, plenty}).size() == 1);
}

TEST_CASE("a file that is no log of ours is never removed") {
  const std::vector<LogFile> files{{directory + "a/notes.txt", 5000},
                                   {directory + "a/run-x-attempt-1.log", 5000}};
  CHECK(logs_to_delete(files, {}, {9, 0}).empty());
}

}  // namespace spider_check
