#include "os/log_follower.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "os/system_error.hpp"

namespace spider_check::os {

namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t names = IN_CREATE | IN_MOVED_TO;
constexpr std::uint32_t gone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

FileDescriptor watch(const fs::path& directory) {
  FileDescriptor fd(Adopt{}, ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  const auto what = IN_MODIFY | names | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW;
  if (!fd || ::inotify_add_watch(fd.get(), directory.c_str(), what) < 0) {
    throw system_error("cannot watch " + directory.string());
  }
  return fd;
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type() == fs::file_type::regular;
}

}  // namespace

// The watch is there before the first look, so that nothing happens between the two unseen.
LogFollower::LogFollower(const ScheduleLogs& logs, const fs::path& log, LogOutput& output,
                         LogSequence sequence)
    : logs_(logs),
      directory_(log.parent_path()),
      output_(output),
      sequence_(std::move(sequence)),
      watch_(watch(directory_)),
      name_(parse_log_name(log).value_or(LogName{})),
      reader_(logs, log) {}

void LogFollower::run() {
  while (reader_.show_new(output_)) {
    if (const auto next = find_next()) {
      if (!go_on_to(*next)) return;
    } else if (directory_gone_ || !wait()) {
      return;
    }
  }
}

/** The first log after the one that is shown. */
std::optional<LogName> LogFollower::find_next() {
  if (!names_changed_) return std::nullopt;
  std::optional<LogName> next;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory_, ignored)) {
    const auto name = parse_log_name(entry.path());
    if (!name || *name <= name_ || entry.path().extension() != ".log") continue;
    if (next && *next < *name) continue;
    if (sequence_.takes(*name) && is_file(entry.path())) next = name;
  }
  names_changed_ = next.has_value();
  return next;
}

/** A spider's logs are written one after the other: the old one is complete. */
bool LogFollower::go_on_to(const LogName& name) {
  if (!reader_.show_new(output_) || !output_.end_log()) return false;
  const auto path = path_of(name);
  reader_ = LogReader(logs_, path);
  name_ = name;
  sequence_.on_next(path);
  return true;
}

fs::path LogFollower::path_of(const LogName& name) const {
  return directory_ / to_string(name);
}

/** Until something happens in the directory; false when nobody reads any more. */
bool LogFollower::wait() {
  // Asked for nothing, the output still tells when its other end is closed.
  std::array<pollfd, 2> fds{{{watch_.get(), POLLIN, 0}, {output_.fd(), 0, 0}}};
  if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) {
    throw system_error("cannot wait for the log");
  }
  if (fds[1].revents != 0) return false;
  take_events();
  return true;
}

void LogFollower::take_events() {
  alignas(inotify_event) std::array<char, 16384> buffer;
  for (;;) {
    const auto got = ::read(watch_.get(), buffer.data(), buffer.size());
    if (got <= 0) return;
    for (ssize_t at = 0; at < got;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      // Too much happened to be told: then anything may have.
      if ((event.mask & (names | IN_Q_OVERFLOW)) != 0) names_changed_ = true;
      if ((event.mask & gone) != 0) directory_gone_ = true;
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
}

}  // namespace spider_check::os
