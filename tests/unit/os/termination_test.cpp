#include "os/termination.hpp"

#include <csignal>

#include <doctest/doctest.h>

namespace spider_check {

TEST_CASE("a termination is put into words") {
  CHECK(to_text(Exited{0}) == "exit status 0");
  CHECK(to_text(Exited{3}) == "exit status 3");
  CHECK(to_text(Exited{255}) == "exit status 255");
  CHECK(to_text(Signaled{SIGKILL, false}) == "killed by SIGKILL");
  CHECK(to_text(Signaled{SIGSEGV, true}) == "killed by SIGSEGV (core dumped)");
  CHECK(to_text(NotStarted{"no such file"}) == "not started: no such file");
  CHECK(to_text(NotStarted{}) == "not started");
  CHECK(to_text(Unknown{"it was lost"}) == "it was lost");
  CHECK(to_text(Unknown{}) == "its end is not known");
}

TEST_CASE("signals have their usual names, and those without one their number") {
  CHECK(signal_name(SIGTERM) == "SIGTERM");
  CHECK(signal_name(SIGINT) == "SIGINT");
  CHECK(signal_name(SIGHUP) == "SIGHUP");
  CHECK(signal_name(SIGABRT) == "SIGABRT");
  CHECK(signal_name(SIGRTMIN) == "signal " + std::to_string(SIGRTMIN));
  CHECK(signal_name(99) == "signal 99");
  CHECK(signal_name(0) == "signal 0");
  CHECK(signal_name(-1) == "signal -1");
}

TEST_CASE("terminations are equal when everything in them is") {
  CHECK(Termination{Exited{1}} == Termination{Exited{1}});
  CHECK(Termination{Exited{1}} != Termination{Exited{2}});
  CHECK(Termination{Exited{9}} != Termination{Signaled{9, false}});
  CHECK(Termination{Signaled{9, false}} != Termination{Signaled{9, true}});
  CHECK(Termination{NotStarted{"a"}} != Termination{NotStarted{"b"}});
}

TEST_CASE("what could not be ended is named, at most three of them") {
  using Left = std::vector<LeftProcess>;
  CHECK(to_text(Left{}) == "");
  CHECK(to_text(Left{{12, 0, "sleep", "state D"}}) ==
        "could not be ended: sleep, pid 12 is still alive (state D)");
  CHECK(to_text(Left{{12, 0, "a", "state D"}, {13, 0, "b", "user root"}}) ==
        "could not be ended: a, pid 12 is still alive (state D); b, pid 13 is still alive (user "
        "root)");
  CHECK(to_text(Left(5, {1, 0, "x", "state D"})).ends_with("; 2 more"));
}

}  // namespace spider_check
