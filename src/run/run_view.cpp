#include "run/run_view.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "run/live_view.hpp"
#include "schedule/sentences.hpp"
#include "util/time.hpp"

namespace spider_check {

void LineView::started(const SpiderJob& job) {
  log_.info("Spider '{}' started ({} of {}), log {}", printable(job.name), ++started_, spiders_,
            printable(job.log.string()));
}

void LineView::stopping(const SpiderJob& job, StopCause cause) {
  log_.warn("Stopping spider '{}': {}", printable(job.name), explain(cause));
}

void LineView::finished(const SpiderJob& job, const SpiderOutcome& outcome) {
  const auto name = printable(job.name);
  const auto took = to_words(outcome.child.took);
  const auto did = with_rows(outcome.crawl ? amounts(outcome.crawl->progress) : "", outcome.rows);
  const auto done = did.empty() ? did : ", " + did;
  const auto why = reasons(outcome.judgement);
  if (was_stopped(outcome.judgement)) {
    return log_.warn("Spider '{}' stopped after {}{}: {}", name, took, done, why);
  }
  switch (outcome.judgement.verdict) {
    case Verdict::ok:
      log_.info("Spider '{}' ok after {}{}", name, took, done);
      return;
    case Verdict::degraded:
      log_.warn("Spider '{}' degraded after {}{}: {}", name, took, done, why);
      return;
    case Verdict::failed:
      log_.error("Spider '{}' failed after {}{}: {}; log {}", name, took, done, why,
                 printable(job.log.string()));
  }
}

LogRedirect::LogRedirect(Log& log, std::function<void()> erase, std::function<void()> draw)
    : log_(log), before_(log.exchange_writer({})) {
  log_.exchange_writer([this, erase = std::move(erase), draw = std::move(draw)](
                           LogLevel level, const std::string& line) {
    erase();
    if (before_) before_(level, line);
    draw();
  });
}

LogRedirect::~LogRedirect() {
  log_.exchange_writer(std::move(before_));
}

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

/** The same terminal, opened once more, so that O_NONBLOCK is set for this descriptor alone. */
int open_again(int fd) {
  const auto path = "/proc/self/fd/" + std::to_string(fd);
  return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : value;
}

/** A terminal that can move its cursor, with this program in the foreground. */
bool can_draw() {
  if (::isatty(STDERR_FILENO) == 0) return false;
  const auto kind = environment("TERM");
  return !kind.empty() && kind != "dumb" && Terminal(STDERR_FILENO).is_ours();
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

Terminal::Terminal(int fd) : fd_(open_again(fd)), own_(fd_ >= 0) {
  if (!own_) fd_ = fd;
}

Terminal::~Terminal() {
  if (own_) ::close(fd_);
}

Terminal::Size Terminal::size() const noexcept {
  winsize told{};
  Size size;
  if (::ioctl(fd_, TIOCGWINSZ, &told) != 0) return size;
  if (told.ws_col > 0) size.width = told.ws_col;
  if (told.ws_row > 0) size.height = told.ws_row;
  return size;
}

bool Terminal::is_ours() const noexcept {
  const auto foreground = ::tcgetpgrp(fd_);
  return foreground <= 0 || foreground == ::getpgrp();
}

bool Terminal::is_ready() noexcept {
  flush();
  return unwritten_.empty();
}

void Terminal::write(std::string_view text) {
  unwritten_ += text;
  flush();
}

void Terminal::wait(int milliseconds) noexcept {
  pollfd fd{fd_, POLLOUT, 0};
  while (!is_ready() && ::poll(&fd, 1, milliseconds) > 0) {
  }
}

void Terminal::flush() noexcept {
  while (!unwritten_.empty()) {
    pollfd fd{fd_, POLLOUT, 0};
    if (!own_ && ::poll(&fd, 1, 0) <= 0) return;
    const auto taken = ::write(fd_, unwritten_.data(), unwritten_.size());
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0 && errno == EAGAIN) return;
    // Whatever else is wrong, the terminal is gone.
    unwritten_.erase(0, taken < 0 ? unwritten_.size() : static_cast<std::size_t>(taken));
  }
}

bool wants_colour() {
  const auto kind = environment("TERM");
  // https://no-color.org
  return !kind.empty() && kind != "dumb" && environment("NO_COLOR").empty();
}

std::unique_ptr<RunView> make_view(Log& log, const std::vector<SpiderJob>& jobs, Output output) {
  // -q asks for less than a table, -v for every line.
  if (log.least() != LogLevel::info || !can_draw()) {
    return std::make_unique<LineView>(log, jobs.size());
  }
  output.colour = wants_colour();
  return std::make_unique<LiveView>(STDERR_FILENO, std::move(output), log, jobs);
}

}  // namespace spider_check
