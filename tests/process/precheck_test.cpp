#include <csignal>

#include <doctest/doctest.h>

#include "os/programs.hpp"
#include "process/child_program.hpp"
#include "process/temp_directory.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

/** What a precheck of this shell script objects. */
std::string objection(const std::string& script, Duration limit = 30s) {
  const test::TempDirectory directory;
  const auto program = directory.write("check", "#!/bin/sh\n" + script + "\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  auto text = ask_precheck({program.string()}, limit).value_or("none");
  const auto start = "precheck `" + program.string() + "` ";
  return text.rfind(start, 0) == 0 ? text.substr(start.size()) : text;
}

}  // namespace

TEST_CASE("exit status 0 is no objection, whatever it says") {
  CHECK(objection("exit 0") == "none");
  CHECK(objection("echo offline; echo broken >&2") == "none");
}

TEST_CASE("every other end is an objection with the first line of what it said") {
  CHECK(objection("exit 1") == "exited with 1");
  CHECK(objection("echo; echo ' no network '; echo more; exit 3") == "exited with 3: no network");
  CHECK(objection("echo out; echo err >&2; exit 255") == "exited with 255: err");
  CHECK(objection("echo so; kill -SEGV $$") == "was killed by SIGSEGV: so");
  CHECK(objection("printf 'no end of line'; exit 1") == "exited with 1: no end of line");
}

TEST_CASE("what hangs is killed, and that is an objection") {
  CHECK(objection("echo waiting; exec sleep 1000", 1s) == "was killed after 1s: waiting");
}

TEST_CASE("what cannot be started is an objection") {
  CHECK(ask_precheck({"/no/such/check", "-q"}) ==
        "precheck `/no/such/check -q` was not started: cannot execute /no/such/check: No such file "
        "or directory");
}

TEST_CASE("what it says is cut and made harmless") {
  CHECK(objection("printf 'a\\033[2Jb\\rc\\377'; exit 1") ==
        "exited with 1: a\\x1b[2Jb\\x0dc\\xff");
  CHECK(objection("printf 'ñ%.0s' $(seq 200); exit 1").size() ==
        std::string("exited with 1: ").size() + 400);
  const auto cut = objection("printf 'ñ%.0s' $(seq 201); exit 1");
  CHECK(cut.size() == std::string("exited with 1: ").size() + 400 + std::string("…").size());
  CHECK(cut.substr(cut.size() - 5) == "ñ…");
  CHECK(ask_precheck({"sh", "-c", "exit 1\n\x1b"}) ==
        "precheck `sh -c exit 1 \\x1b` exited with 1");
}

TEST_CASE("its arguments are given as they are, and nothing is on its standard input") {
  CHECK(ask_precheck({"sh", "-c", "echo \"$1\"; read line; exit 5", "x", "a  b"}) ==
        "precheck `sh -c echo \"$1\"; read line; exit 5 x a  b` exited with 5: a  b");
}

}  // namespace spider_check
