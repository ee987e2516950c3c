#include "core/verdict.hpp"

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

}  // namespace spider_check
