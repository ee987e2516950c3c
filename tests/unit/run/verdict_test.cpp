#include "run/verdict.hpp"

#include <csignal>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace spider_check {

namespace {

using Reasons = std::vector<std::string>;

Judgement judge_end(Termination termination, StopCause stopped = StopCause::none) {
  ChildReport child;
  child.termination = std::move(termination);
  child.stopped = stopped;
  return judge(child);
}

/** What becomes of a good attempt after which that was counted. */
Judgement judge_count(const RowCount& count, const Baseline& history = {}, Criteria criteria = {}) {
  Judgement judgement{Verdict::ok, {}};
  judge_rows(judgement, count, criteria, history);
  return judgement;
}

/** So many good runs, each with so many rows. */
Baseline runs_with(std::size_t runs, std::optional<std::int64_t> rows) {
  return Baseline(runs, BaselineRun{12, Duration{0}, {}, true, rows});
}

}  // namespace

TEST_CASE("exit status 0 is ok and needs no reason") {
  const auto judgement = judge_end(Exited{0});
  CHECK(judgement.verdict == Verdict::ok);
  CHECK(judgement.reasons.empty());
}

TEST_CASE("every other end is a failure that says how it ended") {
  struct Row {
    Termination end;
    std::string reason;
  };

  const Row rows[] = {
      {Exited{1}, "exit status 1"},
      {Exited{255}, "exit status 255"},
      {Signaled{SIGTERM, false}, "killed by SIGTERM"},
      {Signaled{SIGSEGV, true}, "killed by SIGSEGV (core dumped)"},
      {NotStarted{"cannot execute x"}, "not started: cannot execute x"},
  };
  for (const auto& row : rows) {
    const auto judgement = judge_end(row.end);
    CHECK(judgement.verdict == Verdict::failed);
    CHECK(judgement.reasons == Reasons{row.reason});
  }
}

TEST_CASE("a spider that was stopped has failed, whatever it exits with") {
  CHECK(judge_end(Exited{0}, StopCause::run_stopped).verdict == Verdict::failed);
  CHECK(judge_end(Exited{0}, StopCause::run_stopped).reasons ==
        Reasons{"stopped before its end: exit status 0"});
  CHECK(judge_end(Signaled{SIGKILL, false}, StopCause::run_stopped).reasons ==
        Reasons{"stopped before its end: killed by SIGKILL"});
}

TEST_CASE("a spider that was stopped for its own sake says why") {
  CHECK(judge_end(Exited{0}, StopCause::timeout).reasons ==
        Reasons{"stopped because it took too long (timeout): exit status 0"});
  CHECK(judge_end(Exited{0}, StopCause::stall).reasons ==
        Reasons{"stopped because it made no progress (stall_timeout): exit status 0"});
  CHECK(judge_end(Exited{0}, StopCause::run_timeout).reasons ==
        Reasons{"stopped because the whole run took too long: exit status 0"});
}

TEST_CASE("what could not be ended degrades a spider that did its work, and is said of any other") {
  ChildReport child;
  child.left = {{12, 0, "sleep", "user root"}};
  const std::string left = "could not be ended: sleep, pid 12 is still alive (user root)";
  child.termination = Exited{0};
  CHECK(judge(child).verdict == Verdict::degraded);
  CHECK(judge(child).reasons == Reasons{left});
  child.termination = Exited{3};
  CHECK(judge(child).verdict == Verdict::failed);
  CHECK(judge(child).reasons == Reasons{"exit status 3; " + left});
  child.termination = Unknown{left};
  child.stopped = StopCause::timeout;
  CHECK(judge(child).verdict == Verdict::failed);
  CHECK(judge(child).reasons == Reasons{"stopped because it took too long (timeout): " + left});
}

TEST_CASE("verdicts have the words of the database") {
  CHECK(to_text(Verdict::ok) == "ok");
  CHECK(to_text(Verdict::degraded) == "degraded");
  CHECK(to_text(Verdict::failed) == "failed");
  for (const auto verdict : {Verdict::ok, Verdict::degraded, Verdict::failed}) {
    CHECK(parse_verdict(to_text(verdict)) == verdict);
  }
  CHECK_FALSE(parse_verdict("good").has_value());
}

TEST_CASE("a spider after which there are rows enough stays as it was") {
  CHECK(judge_count({1}).verdict == Verdict::ok);
  CHECK(judge_count({1}).reasons.empty());
  CHECK(judge_count({120}, runs_with(20, 240)).verdict == Verdict::ok);
  Criteria none_needed;
  none_needed.min_rows = 0;
  CHECK(judge_count({0}, {}, none_needed).verdict == Verdict::ok);
}

TEST_CASE("fewer rows than are wanted are a failure, whatever the spider said of itself") {
  CHECK(judge_count({0}).verdict == Verdict::failed);
  CHECK(judge_count({0}).reasons == Reasons{"0 rows, at least 1 is wanted (min_rows)"});
  Criteria many;
  many.min_rows = 10;
  CHECK(judge_count({1}, {}, many).reasons == Reasons{"1 row, at least 10 are wanted (min_rows)"});
  Judgement degraded{Verdict::degraded, {"2 errors beside 12 items"}};
  judge_rows(degraded, {0}, {}, runs_with(5, 240));
  CHECK(degraded.verdict == Verdict::failed);
  CHECK(degraded.reasons ==
        Reasons{"0 rows, at least 1 is wanted (min_rows)", "2 errors beside 12 items"});
}

TEST_CASE("far fewer rows than usual degrade a spider") {
  CHECK(judge_count({12}, runs_with(20, 240)).verdict == Verdict::degraded);
  CHECK(judge_count({12}, runs_with(20, 240)).reasons ==
        Reasons{"12 rows, median of the last 20 good runs is 240"});
  auto changed = runs_with(20, 240);
  changed.front().good = false;
  CHECK(judge_count({12}, changed).reasons ==
        Reasons{"12 rows, median of the last 20 runs that worked is 240"});
  Criteria any;
  any.min_items_ratio = 0;
  CHECK(judge_count({12}, runs_with(20, 240), any).verdict == Verdict::ok);
}

TEST_CASE("runs without rows say nothing of what is usual") {
  auto history = runs_with(4, 240);
  for (const auto& run : runs_with(16, {})) history.push_back(run);
  CHECK(judge_count({12}, history).verdict == Verdict::ok);
  history.front() = history.back();
  history.push_back(runs_with(1, 240).front());
  history.push_back(runs_with(1, 240).front());
  CHECK(judge_count({12}, history).reasons ==
        Reasons{"12 rows, median of the last 5 good runs is 240"});
}

TEST_CASE("what could not be counted degrades a spider, and says why") {
  Judgement judgement{Verdict::degraded, {"2 errors beside 12 items"}};
  judge_rows(judgement, {{}, "check_sql: relation \"jobs\" does not exist"}, {},
             runs_with(20, 240));
  CHECK(judgement.verdict == Verdict::degraded);
  CHECK(judgement.reasons ==
        Reasons{"2 errors beside 12 items", "check_sql: relation \"jobs\" does not exist"});
}

}  // namespace spider_check
