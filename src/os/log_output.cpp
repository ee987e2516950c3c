#include "os/log_output.hpp"

#include <cerrno>

#include <poll.h>
#include <unistd.h>

#include "os/system_error.hpp"

namespace spider_check::os {

LogOutput::LogOutput(int fd) : fd_(fd) {
  if (::isatty(fd) == 1) terminal_.emplace();
}

bool LogOutput::write_all(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto written = ::write(fd_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      // Somebody who shares the pipe or terminal made it so.
      pollfd room{fd_, POLLOUT, 0};
      (void)::poll(&room, 1, -1);
    } else if (errno == EPIPE || errno == EIO) {
      return false;  // a closed pipe; a terminal that is gone
    } else if (errno != EINTR) {
      throw system_error("cannot write to standard output");
    }
  }
  return true;
}

bool LogOutput::write(std::string_view bytes) {
  return terminal_ ? write_all(terminal_->add(bytes)) : write_all(bytes);
}

bool LogOutput::end_log() {
  return !terminal_ || write_all(terminal_->finish());
}

}  // namespace spider_check::os
