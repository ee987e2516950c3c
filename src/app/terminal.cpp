#include "app/terminal.hpp"

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace spider_check::app {

namespace {

/** The same terminal, opened once more: only so does not to wait concern nobody else. */
int open_again(int fd) {
  const auto path = "/proc/self/fd/" + std::to_string(fd);
  return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

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
    // Whatever else is wrong, the terminal is gone, and nobody is left to see it.
    unwritten_.erase(0, taken < 0 ? unwritten_.size() : static_cast<std::size_t>(taken));
  }
}

}  // namespace spider_check::app
