#include "core/log_retention.hpp"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

namespace spider_check {

using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

const std::chrono::system_clock::time_point now{std::chrono::hours(500'000)};
const std::string folder = "/logs/default/";

/** SPIDER/RUN.EXTENSION, the first attempt; so many hours old. */
struct File {
  std::string name;
  int hours = 0;
  std::int64_t size = 10;
};

/** "a/3.log" is run 3 of spider a. */
std::string path_of(const std::string& name, const std::string& top = folder) {
  const auto slash = name.find('/');
  const auto dot = name.rfind('.');
  return top + name.substr(0, slash + 1) + "run-" + name.substr(slash + 1, dot - slash - 1) +
         "-attempt-1" + name.substr(dot);
}

std::vector<LogFile> files_of(const std::vector<File>& files) {
  std::vector<LogFile> logs;
  for (const auto& file : files) {
    logs.push_back({path_of(file.name), file.size, now - std::chrono::hours(file.hours)});
  }
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
  for (const auto& file : superfluous(files_of(files), recorded, now, limits)) {
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
      {"nothing is there", {}, {}, {1h, 0}, {}},
      {"all is young and small",
       {{"a/1.log", 3}, {"a/2.log", 2}, {"b/2.log", 1}},
       {},
       {4h, plenty},
       {}},
      {"older than keep",
       {{"a/1.log", 6}, {"a/2.log", 5}, {"a/3.log", 1}},
       {},
       {4h, plenty},
       {"a/1.log", "a/2.log"}},
      {"exactly as old as keep stays", {{"a/1.log", 4}, {"a/2.log", 1}}, {}, {4h, plenty}, {}},
      {"the newest of each spider stays, however old",
       {{"a/1.log", 90}, {"b/1.log", 80}, {"b/2.log", 70}},
       {},
       {4h, plenty},
       {"b/1.log"}},
      {"the newest is that of the newest run, not the one written last",
       {{"a/1.log", 50}, {"a/2.log", 60}},
       {},
       {4h, plenty},
       {"a/1.log"}},
      {"the newest run is the greatest number",
       {{"a/9.log", 50}, {"a/10.log", 60}},
       {},
       {4h, plenty},
       {"a/9.log"}},
      {"too much: the oldest of all spiders go first",
       {{"a/1.log", 4}, {"b/1.log", 5}, {"a/2.log", 3}, {"b/2.log", 2}},
       {},
       {90h, 19},
       {"b/1.log", "a/1.log"}},
      {"half of the size is left to what may go",
       {{"a/1.log", 4}, {"b/1.log", 5}, {"a/2.log", 3}, {"b/2.log", 2}},
       {},
       {90h, 20},
       {"b/1.log"}},
      {"exactly the size stays", {{"a/1.log", 4}, {"a/2.log", 3}}, {}, {90h, 20}, {}},
      {"one byte too much", {{"a/1.log", 4}, {"a/2.log", 3, 1}}, {}, {90h, 10}, {"a/1.log"}},
      {"what is too old makes room",
       {{"a/1.log", 40}, {"a/2.log", 3}, {"a/3.log", 2}},
       {},
       {30h, 20},
       {"a/1.log"}},
      {"a wanted log stays however old and big",
       {{"a/1.log", 90, 5000}, {"a/2.log", 80}, {"a/3.log", 1}},
       {"a/1.log"},
       {4h, 100},
       {"a/2.log"}},
      {"a flood that stays takes half of the room, and no more",
       {{"a/1.log", 3, 5000}, {"a/2.log", 2, 51}, {"a/3.log", 2, 50}, {"a/4.log", 1}},
       {"a/1.log"},
       {4h, 100},
       {"a/2.log"}},
      {"another spider's run of the same number is not wanted",
       {{"a/1.log", 9}, {"a/2.log", 1}, {"b/1.log", 9}, {"b/2.log", 1}},
       {"a/1.log"},
       {4h, plenty},
       {"b/1.log"}},
      {"a report shares the fate of its log",
       {{"a/1.report", 9}, {"a/2.report", 9}, {"a/3.report", 9}, {"a/2.log", 9}, {"a/3.log", 9}},
       {"a/2.log"},
       {4h, plenty},
       {"a/1.report"}},
      {"a report alone is no newest log", {{"a/7.report", 9}}, {}, {4h, plenty}, {"a/7.report"}},
      {"a file of the future is young", {{"a/1.log", -9}, {"a/2.log", -8}}, {}, {4h, plenty}, {}},
      {"no size at all leaves the newest",
       {{"a/1.log", 1}, {"a/2.log", 0}, {"b/1.log", 0}},
       {},
       {4h, 0},
       {"a/1.log"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(removed(row.files, row.wanted, row.limits) == paths_of(row.gone));
  }
}

TEST_CASE("two attempts at a run are two logs, the later is the newer") {
  const std::vector<LogFile> files{{folder + "a/run-1-attempt-1.log", 10, now - 9h},
                                   {folder + "a/run-1-attempt-2.log", 10, now - 9h}};
  const auto gone = superfluous(files, {}, now, {4h, plenty});
  REQUIRE(gone.size() == 1);
  CHECK(gone.front().path == folder + "a/run-1-attempt-1.log");
}

TEST_CASE("a wanted log is known however its path is written, and wherever all logs were before") {
  const auto files = files_of({{"a/1.log", 90}, {"a/2.log", 1}});
  for (const std::string& top : {folder, std::string("/logs/./x/../default//"),
                                 std::string("/old/place/default/"), std::string("default/")}) {
    CHECK(superfluous(files, {path_of("a/1.log", top)}, now, {4h, plenty}).empty());
  }
  CHECK(superfluous(files, {"", "/", "a/1.log", "/logs/default/a"}, now, {4h, plenty}).size() == 1);
}

TEST_CASE("a file that is no log of ours is never removed") {
  const std::vector<LogFile> files{{folder + "a/notes.txt", 5000, now - 9000h},
                                   {folder + "a/run-x-attempt-1.log", 5000, now - 9000h}};
  CHECK(superfluous(files, {}, now, {1h, 0}).empty());
}

}  // namespace spider_check
