#include "os/pipe.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "os/system_error.hpp"

namespace spider_check::os {

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error("cannot make a pipe");
  Pipe pipe{FileDescriptor(Adopt{}, ends[0]), FileDescriptor(Adopt{}, ends[1])};
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);  // the child's end stays blocking
  return pipe;
}

void drain(FileDescriptor& from, std::string& to, std::size_t most) {
  std::array<char, 65536> buffer;
  while (from) {
    const auto got = ::read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return from.close();
    const auto room = most - std::min(most, to.size());
    to.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
  }
}

}  // namespace spider_check::os
