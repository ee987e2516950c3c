#include "os/locks.hpp"

#include <cerrno>
#include <cstddef>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "os/ownership.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

using namespace std::chrono_literals;

// A process that asks whether a file is locked shares its lock for some microseconds, or for as
// long as it is stopped right then. flock(2) has no timeout, so we poll.
constexpr auto max_look_time = 1s;
constexpr auto pause = 1ms;

// Not every file system gives a file the same number each time.
constexpr int max_lock_tries = 5;

bool flock(const FileDescriptor& file, int operation) noexcept {
  int result = 0;
  do {
    result = ::flock(file.get(), operation | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

FileDescriptor open_or_make(const fs::path& path) {
  for (;;) {
    FileDescriptor file(Adopt{}, ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (file || errno != ENOENT) return file;
    file = FileDescriptor(
        Adopt{}, ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file) give_to_owner(file, path);
    if (file || errno != EEXIST) return file;
  }
}

// Processes that ask whether the name is taken wait in this queue, which is never emptied.
constexpr int queue = 4096;

/** Of a container or a chroot, where the same paths are other files. */
std::string world() {
  FileStatus processes{};
  FileStatus root{};
  (void)::stat("/proc/self/ns/pid", &processes);
  (void)::stat("/", &root);
  return fmt::format("{} {} {}", processes.st_ino, root.st_dev, root.st_ino);
}

struct Address {
  Address(const std::string& name, uid_t owner) {
    const auto text = world() + " " + name;
    const auto path =
        fmt::format("spider-check/{}/{:08x}{:08x}", owner, fnv1a(text), fnv1a("." + text));
    address.sun_family = AF_UNIX;
    // Behind a zero byte, which says that no file is meant.
    path.copy(&address.sun_path[1], sizeof address.sun_path - 1);
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + path.size());
  }

  [[nodiscard]] const sockaddr* get() const {
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
  }

  sockaddr_un address{};
  socklen_t size = 0;
};

FileDescriptor new_socket() {
  return {Adopt{}, ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

/** Of the process that listens there; empty when none does, or it cannot be said. */
std::optional<uid_t> user_of(const Address& address) {
  const auto socket = new_socket();
  if (!socket || ::connect(socket.get(), address.get(), address.size) != 0) return std::nullopt;
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

}  // namespace

bool is_locked(const FileDescriptor& file) noexcept {
  if (!flock(file, LOCK_SH)) return errno == EWOULDBLOCK;
  (void)flock(file, LOCK_UN);
  return false;
}

bool try_lock_file(const FileDescriptor& file) noexcept {
  const auto deadline = std::chrono::steady_clock::now() + max_look_time;
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

bool FileLock::is_taken(const fs::path& file) noexcept {
  const FileDescriptor fd(Adopt{}, ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  return fd && is_locked(fd);
}

bool is_named(const FileDescriptor& file, const fs::path& path) noexcept {
  FileStatus open{};
  FileStatus named{};
  return ::fstat(file.get(), &open) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

std::optional<FileLock> FileLock::try_take(const fs::path& file) {
  for (int tries = 1;; ++tries) {
    auto fd = open_or_make(file);
    if (!fd) {
      throw std::system_error(errno, std::generic_category(),
                              "cannot open the lock file " + why_no_access(file, errno));
    }
    if (!try_lock_file(fd)) {
      if (errno != EWOULDBLOCK) throw system_error("cannot lock " + file.string());
      return std::nullopt;
    }
    // It may have been removed before it was locked.
    if (is_named(fd, file) || tries == max_lock_tries) return FileLock(file, std::move(fd));
  }
}

std::optional<FileLock> FileLock::take(const fs::path& file, std::chrono::milliseconds longest) {
  const auto deadline = std::chrono::steady_clock::now() + longest;
  while (true) {
    auto lock = try_take(file);
    if (lock || std::chrono::steady_clock::now() > deadline) return lock;
    std::this_thread::sleep_for(pause);
  }
}

bool FileLock::keep() {
  if (is_kept()) return true;
  auto again = try_take(path_);
  if (again) *this = std::move(*again);
  return again.has_value();
}

bool NameLock::is_taken(const std::string& name, uid_t owner) noexcept {
  const auto user = user_of(Address(name, owner));
  return user && (*user == 0 || *user == owner || *user == ::geteuid());
}

std::optional<NameLock> NameLock::try_take(const std::string& name, uid_t owner) {
  const Address address(name, owner);
  auto socket = new_socket();
  if (!socket) return NameLock({});
  if (::bind(socket.get(), address.get(), address.size) == 0) {
    (void)::listen(socket.get(), queue);
    return NameLock(std::move(socket));
  }
  if (errno == EADDRINUSE && is_taken(name, owner)) return std::nullopt;
  return NameLock({});
}

}  // namespace spider_check
