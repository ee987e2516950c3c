#include "os/name_lock.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/hash.hpp"

namespace spider_check::os {

namespace {

// Who asks whether the name is taken waits in this queue, which nobody empties.
constexpr int queue = 4096;

/** Of a container or a chroot, where the same paths are other files. */
std::string world() {
  struct stat processes {};

  struct stat root {};

  (void)::stat("/proc/self/ns/pid", &processes);
  (void)::stat("/", &root);
  return std::to_string(processes.st_ino) + " " + std::to_string(root.st_dev) + " " +
         std::to_string(root.st_ino);
}

struct Address {
  Address(const std::string& name, uid_t owner) {
    const auto text = world() + " " + name;
    std::array<char, 64> buffer{};
    const auto length = std::snprintf(buffer.data(), buffer.size(), "spider-check/%u/%08x%08x",
                                      owner, fnv1a(text), fnv1a("." + text));
    address.sun_family = AF_UNIX;
    // Behind a zero byte, which says that no file is meant.
    std::copy_n(buffer.data(), length, &address.sun_path[1]);
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 +
                                  static_cast<std::size_t>(length));
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

}  // namespace spider_check::os
