#pragma once

#include <array>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/descriptors.hpp"
#include "os/termination.hpp"

namespace spider_check::test {

/** Waits until a descriptor is readable. What takes 20 s never comes: then it throws. */
inline void wait_until_readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  if (::poll(&entry, 1, 20'000) != 1) throw std::runtime_error("nothing comes");
}

/** A pipe between a test and its children, by which they wait for each other. */
struct ReadablePipe {
  ReadablePipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    read_end = FileDescriptor(Adopt{}, ends[0]);
    write_end = FileDescriptor(Adopt{}, ends[1]);
  }

  /** Waits for this many bytes; fewer mean that every writer is gone. */
  [[nodiscard]] std::string read(std::size_t count) const {
    std::string text;
    while (text.size() < count) {
      char byte = 0;
      wait_until_readable(read_end.get());
      if (::read(read_end.get(), &byte, 1) != 1) break;
      text += byte;
    }
    return text;
  }

  /** Waits for a line; gives it without its end. */
  [[nodiscard]] std::string read_line() const {
    std::string line;
    for (auto byte = read(1); !byte.empty() && byte != "\n"; byte = read(1)) line += byte;
    return line;
  }

  /** Waits for everything that is written until the last writer is gone. */
  [[nodiscard]] std::string read_all() {
    write_end.close();
    return read(std::string::npos);
  }

  FileDescriptor read_end;
  FileDescriptor write_end;
};

/** Waits for a process that a child left behind (main() makes it ours) and tells how it ended. */
inline Termination wait_for_end(pid_t pid) {
  const FileDescriptor process(Adopt{}, static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  wait_until_readable(process.get());
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) throw std::runtime_error("the process is not ours");
  if (WIFSIGNALED(status)) return Signaled{WTERMSIG(status), WCOREDUMP(status) != 0};
  return Exited{WEXITSTATUS(status)};
}

}  // namespace spider_check::test
