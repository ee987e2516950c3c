#include "os/descendants.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file_descriptor.hpp"

namespace spider_check::os {

namespace {

/** Whether /proc says that this process is our child. */
bool is_own_child(const char* pid) noexcept {
  std::array<char, 64> path{};
  char* at = path.data();
  for (const char* part : {"/proc/", pid, "/stat"}) {
    while (*part != '\0' && at < path.data() + path.size() - 1) *at++ = *part++;
  }
  const FileDescriptor file(Adopt{}, ::open(path.data(), O_RDONLY | O_CLOEXEC));
  std::array<char, 512> buffer;
  const auto got = file ? ::read(file.get(), buffer.data(), buffer.size()) : 0;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(got > 0 ? got : 0));
  // "PID (NAME) STATE PPID …", and a name may hold anything.
  const auto name_end = text.rfind(')');
  if (name_end == std::string_view::npos || name_end + 4 >= text.size()) return false;
  const auto from_parent = text.substr(name_end + 4);
  pid_t parent = 0;
  std::from_chars(from_parent.data(), from_parent.data() + from_parent.size(), parent);
  return parent == ::getpid();
}

/** Sends SIGKILL to each child; what those leave becomes our child in turn. */
void kill_children() noexcept {
  DIR* processes = ::opendir("/proc");
  if (processes == nullptr) return;
  while (const dirent* entry = ::readdir(processes)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !is_own_child(entry->d_name)) continue;
    pid_t pid = 0;
    const std::string_view name(entry->d_name);
    std::from_chars(name.data(), name.data() + name.size(), pid);
    ::kill(pid, SIGKILL);
  }
  ::closedir(processes);
}

}  // namespace

void kill_descendants() noexcept {
  // Mostly there is none, and then /proc is not read.
  for (;;) {
    const auto reaped = ::waitpid(-1, nullptr, WNOHANG);
    if (reaped < 0 && errno == ECHILD) return;
    if (reaped != 0) continue;
    kill_children();
    if (::waitpid(-1, nullptr, 0) < 0 && errno == ECHILD) return;
  }
}

}  // namespace spider_check::os
