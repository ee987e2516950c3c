#include "os/file_lock.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>

#include "os/system_error.hpp"

namespace spider_check::os {

bool try_lock(const FileDescriptor& file) noexcept {
  int result = 0;
  do {
    result = ::flock(file.get(), LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

std::optional<FileLock> FileLock::try_take(const std::filesystem::path& file) {
  FileDescriptor fd(Adopt{}, ::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw system_error("cannot open the lock file " + file.string());
  if (try_lock(fd)) return FileLock(std::move(fd));
  if (errno != EWOULDBLOCK) throw system_error("cannot lock " + file.string());
  return std::nullopt;
}

}  // namespace spider_check::os
