#include "app/cursor_guard.hpp"

#include <cerrno>
#include <string_view>

#include <unistd.h>

namespace spider_check::app {

namespace {

/** Called in the middle of anything: only what signal-safety(7) allows. */
extern "C" void give_cursor_back(int signal) {
  // The table is below the cursor; lines that are too long are broken again; the cursor is seen.
  constexpr std::string_view text = "\r\x1b[J\x1b[?7h\x1b[?25h";
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());

  struct sigaction own {};

  struct sigaction usual {};

  usual.sa_handler = SIG_DFL;
  ::sigaction(signal, &usual, &own);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  sigset_t before;
  ::sigprocmask(SIG_UNBLOCK, &only, &before);
  ::raise(signal);
  // It was stopped, and goes on.
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ::sigaction(signal, &own, nullptr);
  errno = error;
}

}  // namespace

CursorGuard::CursorGuard() {
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGTSTP}) {
    struct sigaction action {};

    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_DFL) continue;
    action.sa_handler = give_cursor_back;
    action.sa_flags = SA_RESTART;
    ::sigaction(signal, &action, nullptr);
    guarded_.push_back(signal);
  }
}

CursorGuard::~CursorGuard() {
  for (const int signal : guarded_) std::signal(signal, SIG_DFL);
}

}  // namespace spider_check::app
