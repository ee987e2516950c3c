// The test program is its own child program: what a test starts as a child is this very file.
#include <csignal>
#include <string>

#include <doctest/doctest.h>
#include <sys/prctl.h>

#include "process/child_program.hpp"

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "--child") {
    return spider_check::test::child_program({argv + 2, argv + argc});
  }
  // As from a terminal, however the tests were started: nohup ignores SIGHUP, a script's & SIGINT.
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM}) std::signal(signal, SIG_DFL);
  // What a child leaves behind becomes ours, so that a test can see how it ends.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  return doctest::Context(argc, argv).run();
}
