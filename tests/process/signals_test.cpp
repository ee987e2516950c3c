#include "os/signals.hpp"

#include <doctest/doctest.h>
#include <poll.h>

#include "os/programs.hpp"
#include "process/child_program.hpp"
#include "process/printing.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

constexpr int stop_signals[] = {SIGTERM, SIGINT, SIGHUP};

bool is_blocked(int signal) {
  sigset_t mask;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

bool is_readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

/** How this program ends as a child. */
Captured end_of(const std::vector<std::string>& words) {
  return capture({test::self(words), {}, {}, 30s});
}

}  // namespace

TEST_CASE("SIGTERM, SIGINT and SIGHUP are held back while somebody watches for them") {
  for (const int signal : stop_signals) {
    CHECK_FALSE(is_blocked(signal));
    {
      const StopSignals signals;
      CHECK(is_blocked(signal));
      CHECK_FALSE(is_blocked(SIGUSR1));
    }
    CHECK_FALSE(is_blocked(signal));
  }
}

TEST_CASE("a signal that was held back before is held back afterwards") {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &term, nullptr);
  { const StopSignals signals; }
  CHECK(is_blocked(SIGTERM));
  CHECK_FALSE(is_blocked(SIGINT));
  ::sigprocmask(SIG_UNBLOCK, &term, nullptr);
}

TEST_CASE("a signal is told once, through the descriptor") {
  StopSignals signals;
  CHECK_FALSE(is_readable(signals.fd()));
  CHECK(signals.take() == 0);
  for (const int signal : stop_signals) {
    std::raise(signal);
    CHECK(is_readable(signals.fd()));
    CHECK(signals.take() == signal);
    CHECK_FALSE(is_readable(signals.fd()));
    CHECK(signals.take() == 0);
  }
}

TEST_CASE("a signal that nobody took acts as usual afterwards") {
  for (const int signal : stop_signals) {
    const auto end = end_of({"leave-signal", std::to_string(signal)});
    CHECK(end.output == "held back\n");
    CHECK(end.termination == Termination{Signaled{signal, false}});
  }
}

TEST_CASE("a process dies by a signal even if it is blocked and ignored") {
  for (const int signal : stop_signals) {
    CHECK(end_of({"die-by", std::to_string(signal)}).termination ==
          Termination{Signaled{signal, false}});
  }
}

TEST_CASE("a signal that ends nothing still ends with the status that a shell would show") {
  CHECK(end_of({"die-by", std::to_string(SIGCHLD)}).termination ==
        Termination{Exited{128 + SIGCHLD}});
}

TEST_CASE("a write to a broken pipe fails and ends nothing") {
  CHECK(end_of({"write-to-broken-pipe"}).termination == Termination{Exited{0}});
}

}  // namespace spider_check
