#include "os/file_lock.hpp"

#include <cerrno>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>

#include "os/system_error.hpp"

namespace spider_check::os {

namespace {

using namespace std::chrono_literals;

// Whoever looks whether a file is locked shares its lock for some microseconds, unless it is
// stopped right then. There is no event to await: flock(2) knows no time limit.
constexpr auto longest_look = 1s;
constexpr auto pause = 1ms;

bool flock(const FileDescriptor& file, int operation) noexcept {
  int result = 0;
  do {
    result = ::flock(file.get(), operation | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

}  // namespace

bool is_locked(const FileDescriptor& file) noexcept {
  if (!flock(file, LOCK_SH)) return errno == EWOULDBLOCK;
  (void)flock(file, LOCK_UN);
  return false;
}

bool try_lock(const FileDescriptor& file) noexcept {
  const auto deadline = std::chrono::steady_clock::now() + longest_look;
  while (!flock(file, LOCK_EX)) {
    if (errno != EWOULDBLOCK || is_locked(file)) return false;
    if (std::chrono::steady_clock::now() > deadline) {
      errno = EWOULDBLOCK;
      return false;
    }
    std::this_thread::sleep_for(pause);
  }
  return true;
}

bool FileLock::is_taken(const std::filesystem::path& file) noexcept {
  const FileDescriptor fd(Adopt{}, ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  return fd && is_locked(fd);
}

std::optional<FileLock> FileLock::try_take(const std::filesystem::path& file) {
  FileDescriptor fd(Adopt{}, ::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw system_error("cannot open the lock file " + file.string());
  if (try_lock(fd)) return FileLock(std::move(fd));
  if (errno != EWOULDBLOCK) throw system_error("cannot lock " + file.string());
  return std::nullopt;
}

}  // namespace spider_check::os
