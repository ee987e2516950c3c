#include <vector>

#include <doctest/doctest.h>

#include "logs/run_logs.hpp"
#include "support/fake_log_directory.hpp"
#include "util/errors.hpp"

namespace spider_check {

namespace {

void fill(test::FakeLogDirectory& directory, const std::vector<std::string>& names) {
  for (const auto& name : names) directory.add(name);
}

std::string refusal(const std::vector<std::string>& names, const LogRequest& request) {
  test::FakeLogDirectory directory;
  fill(directory, names);
  try {
    return choose_log(directory, request).string();
  } catch (const UsageError& error) {
    return error.what();
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
  test::FakeLogDirectory directory;
  fill(directory, {"a/run-9-attempt-2.log", "a/run-10-attempt-2.log", "a/run-10-attempt-1.log",
                   "a/run-9-attempt-11.log", "a/run-11-attempt-1.report",
                   "b%2Fc/run-1-attempt-1.log", "b%252Fc/run-2-attempt-1.log"});
  for (const auto& row : rows)
    CHECK(choose_log(directory, row.request) == directory.path() / row.log);
}

TEST_CASE("where the numbers began anew the newest log is of the newest series") {
  const std::vector<std::string> names{"a/run-1-attempt-1.log", "a/run-1-attempt-2.log",
                                       "a/run-3-attempt-1.log", "a/run-1-attempt-1.2.log",
                                       "a/run-2-attempt-1.2.log"};
  test::FakeLogDirectory directory;
  fill(directory, names);
  CHECK(choose_log(directory, {"a", {}, {}}) == directory.path() / names[4]);
  CHECK(choose_log(directory, {"a", LogRun{1}, {}}) == directory.path() / names[3]);
  CHECK(choose_log(directory, {"a", LogRun{1, 0, 2}, {}}) == directory.path() / names[3]);
  CHECK(choose_log(directory, {"a", LogRun{1, 0, 1}, {}}) == directory.path() / names[1]);
  CHECK(choose_log(directory, {"a", LogRun{3}, {}}) == directory.path() / names[2]);
  CHECK(refusal(names, {"a", LogRun{3, 0, 2}, {}}) ==
        "logs: there is no log of run 3.2 of 'a'; there are logs of run: 2.2, 1.2, 3, 1");
}

TEST_CASE("logs of runs that began without the database are found by what stands in their names") {
  const std::vector<std::string> before{"a/run-0+1-attempt-1.log", "a/run-0+1-attempt-2.log"};
  test::FakeLogDirectory directory;
  fill(directory, before);
  CHECK(choose_log(directory, {"a", {}, {}}) == directory.path() / before[1]);
  CHECK(choose_log(directory, {"a", LogRun{0, 1}, 1}) == directory.path() / before[0]);
  fill(directory,
       {"a/run-17-attempt-1.log", "a/run-17+2-attempt-1.log", "a/run-17+1-attempt-3.log"});
  CHECK(choose_log(directory, {"a", {}, {}}) == directory.path() / "a/run-17+2-attempt-1.log");
  CHECK(choose_log(directory, {"a", LogRun{17}, {}}) ==
        directory.path() / "a/run-17-attempt-1.log");
  CHECK(choose_log(directory, {"a", LogRun{17, 1}, {}}) ==
        directory.path() / "a/run-17+1-attempt-3.log");
  CHECK(refusal(before, {"a", LogRun{17, 3}, {}}) ==
        "logs: there is no log of run 17+3 of 'a'; there are logs of run: 0+1");
}

TEST_CASE("the spiders that have logs are listed by name, a line each") {
  test::FakeLogDirectory directory;
  CHECK(spiders_with_logs(directory).empty());
  fill(directory, {"b%2Fc/run-1-attempt-1.log", "a/run-2-attempt-1.log", "a/run-1-attempt-1.log",
                   "no/run-1-attempt-1.report", "x%0Ay/run-1-attempt-1.log"});
  CHECK(spiders_with_logs(directory) == "a\nb/c\nx\\ny\n");
}

TEST_CASE("a name that is cut in its directory's name is found whole and cut") {
  const std::string cut = std::string(111, 'a') + "~019ebb34";
  test::FakeLogDirectory directory;
  fill(directory, {cut + "/run-1-attempt-1.log"});
  for (const auto& name : {cut, std::string(121, 'a')}) {
    CHECK(choose_log(directory, {name, {}, {}}) == directory.path() / cut / "run-1-attempt-1.log");
  }
}

TEST_CASE("a directory's name is not taken for a spider's where it is not") {
  CHECK(refusal({"b%2Fc/run-1-attempt-1.log"}, {"b%2Fc", {}, {}}) ==
        "logs: there is no log of a spider 'b%2Fc' in /logs/default; there are logs of: b/c");
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
       "logs: there are no logs in /logs/default; a spider has one as soon as it has been run"},
      {{"a/run-1-attempt-1.report"},
       {"a", {}, {}},
       "logs: there are no logs in /logs/default; a spider has one as soon as it has been run"},
      {{"news/run-1-attempt-1.log"},
       {"mews", {}, {}},
       "logs: there is no log of a spider 'mews' in /logs/default; did you mean 'news'? There "
       "are logs of: news"},
      {{"a/run-1-attempt-1.log"},
       {"b", {}, {}},
       "logs: there is no log of a spider 'b' in /logs/default; there are logs of: a"},
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
