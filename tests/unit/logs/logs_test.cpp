#include <vector>

#include <doctest/doctest.h>

#include "logs/run_logs.hpp"
#include "process/temp_directory.hpp"
#include "util/errors.hpp"

namespace spider_check {

namespace {

struct World {
  explicit World(const std::vector<std::string>& names = {}) { add(names); }

  void add(const std::vector<std::string>& names) const {
    for (const auto& name : names) directory.write("default/" + name, "");
  }

  /** The log that is chosen, from its spider's directory on. */
  [[nodiscard]] std::string choose(const LogRequest& request) const {
    return choose_log(logs, request).lexically_relative(logs.path()).string();
  }

  test::TempDirectory directory;
  LogDirectory logs{directory.path(), "default"};
};

/** With LOGS for the path of the directory. */
std::string refusal(const std::vector<std::string>& names, const LogRequest& request) {
  const World world(names);
  try {
    return world.choose(request);
  } catch (const UsageError& error) {
    std::string text = error.what();
    const auto path = world.logs.path().string();
    if (const auto at = text.find(path); at != std::string::npos) {
      text.replace(at, path.size(), "LOGS");
    }
    return text;
  }
}

}  // namespace

TEST_CASE("the newest log is that of the newest run's last attempt, by number") {
  struct Row {
    LogRequest request;
    std::string log;
  };

  const Row rows[] = {
      {{"a", {}, {}}, "a/run-10-attempt-2.log"},
      {{"a", LogRun{9}, {}}, "a/run-9-attempt-11.log"},
      {{"a", {}, 1}, "a/run-10-attempt-1.log"},
      {{"a", LogRun{9}, 2}, "a/run-9-attempt-2.log"},
      {{"b/c", {}, {}}, "b%2Fc/run-1-attempt-1.log"},
      {{"b%2Fc", {}, {}}, "b%252Fc/run-2-attempt-1.log"},
  };
  const World world({"a/run-9-attempt-2.log", "a/run-10-attempt-2.log", "a/run-10-attempt-1.log",
                     "a/run-9-attempt-11.log", "a/run-11-attempt-1.report",
                     "b%2Fc/run-1-attempt-1.log", "b%252Fc/run-2-attempt-1.log"});
  for (const auto& row : rows) CHECK(world.choose(row.request) == row.log);
}

TEST_CASE("where the numbers began anew the newest log is of the newest series") {
  const std::vector<std::string> names{"a/run-1-attempt-1.log", "a/run-1-attempt-2.log",
                                       "a/run-3-attempt-1.log", "a/run-1-attempt-1.2.log",
                                       "a/run-2-attempt-1.2.log"};
  const World world(names);
  CHECK(world.choose({"a", {}, {}}) == names[4]);
  CHECK(world.choose({"a", LogRun{1}, {}}) == names[3]);
  CHECK(world.choose({"a", LogRun{1, 0, 2}, {}}) == names[3]);
  CHECK(world.choose({"a", LogRun{1, 0, 1}, {}}) == names[1]);
  CHECK(world.choose({"a", LogRun{3}, {}}) == names[2]);
  CHECK(refusal(names, {"a", LogRun{3, 0, 2}, {}}) ==
        "logs: there is no log of run 3.2 of 'a'; there are logs of run: 2.2, 1.2, 3, 1");
}

TEST_CASE("logs of runs that began without the database are found by what stands in their names") {
  const std::vector<std::string> before{"a/run-0+1-attempt-1.log", "a/run-0+1-attempt-2.log"};
  const World world(before);
  CHECK(world.choose({"a", {}, {}}) == before[1]);
  CHECK(world.choose({"a", LogRun{0, 1}, 1}) == before[0]);
  world.add({"a/run-17-attempt-1.log", "a/run-17+2-attempt-1.log", "a/run-17+1-attempt-3.log"});
  CHECK(world.choose({"a", {}, {}}) == "a/run-17+2-attempt-1.log");
  CHECK(world.choose({"a", LogRun{17}, {}}) == "a/run-17-attempt-1.log");
  CHECK(world.choose({"a", LogRun{17, 1}, {}}) == "a/run-17+1-attempt-3.log");
  CHECK(refusal(before, {"a", LogRun{17, 3}, {}}) ==
        "logs: there is no log of run 17+3 of 'a'; there are logs of run: 0+1");
}

TEST_CASE("the spiders that have logs are listed by name, a line each") {
  const World world;
  CHECK(spiders_with_logs(world.logs).empty());
  world.add({"b%2Fc/run-1-attempt-1.log", "a/run-2-attempt-1.log", "a/run-1-attempt-1.log",
             "no/run-1-attempt-1.report", "x%0Ay/run-1-attempt-1.log"});
  CHECK(spiders_with_logs(world.logs) == "a\nb/c\nx\\ny\n");
}

TEST_CASE("a name that is cut in its directory's name is found whole and cut") {
  const std::string cut = std::string(111, 'a') + "~019ebb34";
  const World world({cut + "/run-1-attempt-1.log"});
  for (const auto& name : {cut, std::string(121, 'a')}) {
    CHECK(world.choose({name, {}, {}}) == cut + "/run-1-attempt-1.log");
  }
}

TEST_CASE("a directory's name is not taken for a spider's where it is not") {
  CHECK(refusal({"b%2Fc/run-1-attempt-1.log"}, {"b%2Fc", {}, {}}) ==
        "logs: there is no log of a spider 'b%2Fc' in LOGS; there are logs of: b/c");
}

TEST_CASE("what there is not is refused with what there is") {
  struct Row {
    std::vector<std::string> names;
    LogRequest request;
    std::string refusal;
  };

  const Row rows[] = {
      {{},
       {"a", {}, {}},
       "logs: there are no logs in LOGS; a spider has one as soon as it has been run"},
      {{"a/run-1-attempt-1.report"},
       {"a", {}, {}},
       "logs: there are no logs in LOGS; a spider has one as soon as it has been run"},
      {{"news/run-1-attempt-1.log"},
       {"mews", {}, {}},
       "logs: there is no log of a spider 'mews' in LOGS; did you mean 'news'? There "
       "are logs of: news"},
      {{"a/run-1-attempt-1.log"},
       {"b", {}, {}},
       "logs: there is no log of a spider 'b' in LOGS; there are logs of: a"},
      {{"a/run-1-attempt-1.log", "a/run-12-attempt-1.log"},
       {"a", LogRun{2}, {}},
       "logs: there is no log of run 2 of 'a'; there are logs of run: 12, 1"},
      {{"a/run-1-attempt-1.log", "a/run-2-attempt-3.log"},
       {"a", LogRun{2}, 1},
       "logs: there is no log of attempt 1 at run 2 of 'a'; there are logs of attempt: 3"},
  };
  for (const auto& row : rows) CHECK(refusal(row.names, row.request) == row.refusal);
}

TEST_CASE("the nearest name is the one that may be meant") {
  const std::vector<std::string> names{"listing/run-1-attempt-1.log", "lasting/run-1-attempt-1.log",
                                       "rss/run-1-attempt-1.log"};

  struct Row {
    std::string wanted;
    std::string meant;
  };

  const Row rows[] = {
      {"listin", "listing"},
      {"lastign", "lasting"},
      {"xlisting", "listing"},
      {"rs", "rss"},
      {"r", ""},
      {"xyz", ""},
      {"", ""},
      {"listxxx", ""},
      {std::string(5000, 'a'), ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.wanted);
    const auto text = refusal(names, {row.wanted, {}, {}});
    const auto at = text.find("did you mean '");
    CHECK((at == std::string::npos ? "" : text.substr(at + 14, text.find("'?") - at - 14)) ==
          row.meant);
  }
}

}  // namespace spider_check
