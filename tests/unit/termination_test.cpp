#include "core/termination.hpp"

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

}  // namespace spider_check
