#include "logs/log_files.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/descriptors.hpp"
#include "os/files.hpp"
#include "os/ownership.hpp"

namespace spider_check {

FileDescriptor open_log(const std::filesystem::path& path) {
  make_private_directory(path.parent_path());
  // An existing pipe would block the program, and a link may lead to any file.
  const int made = path == "/dev/null" ? 0 : O_CREAT | O_EXCL | O_NOFOLLOW;
  FileDescriptor file(Adopt{}, ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | made, 0600));
  if (!file) throw system_error("cannot open the log file " + path.string());
  if (made != 0) give_to_owner(file, path);
  return file;
}

void add_to_log(const std::filesystem::path& path, const std::string& line) noexcept {
  const FileDescriptor file(
      Adopt{}, ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  const auto text = line + "\n";
  if (file) (void)!::write(file.get(), text.data(), text.size());
}

LogOutput::LogOutput(int fd) : fd_(fd) {
  if (::isatty(fd) == 1) terminal_.emplace();
}

bool LogOutput::write_all(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto written = ::write(fd_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      // Another process that shares the pipe or terminal set O_NONBLOCK.
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

LogReader::LogReader(const LogDirectory& logs, const std::filesystem::path& log)
    : path_(log), file_(logs.open(log)) {}

bool LogReader::show_new(LogOutput& output) {
  struct stat status {};

  if (::fstat(file_.get(), &status) == 0 && status.st_size < shown_) shown_ = 0;
  std::vector<char> buffer(std::size_t{64} << 10U);
  for (;;) {
    const auto got = ::pread(file_.get(), buffer.data(), buffer.size(), shown_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("cannot read " + path_.string());
    if (got == 0) return true;
    shown_ += got;
    if (!output.write({buffer.data(), static_cast<std::size_t>(got)})) return false;
  }
}

void show_log(const LogDirectory& logs, const std::filesystem::path& log, LogOutput& output) {
  if (LogReader(logs, log).show_new(output)) (void)output.end_log();
}

namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t name_events = IN_CREATE | IN_MOVED_TO;
constexpr std::uint32_t gone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

FileDescriptor watch(const fs::path& directory) {
  FileDescriptor fd(Adopt{}, ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  const auto what =
      IN_MODIFY | name_events | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW;
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

// The watch comes before the first look, so that no event is missed between the two.
LogFollower::LogFollower(const LogDirectory& logs, const fs::path& log, LogOutput& output,
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

/** The first log after the current one. */
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

/** The current log is complete, because a spider writes one log at a time. */
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

/** Waits for an event in the directory. False: the reader is gone. */
bool LogFollower::wait() {
  // Without any event asked for, poll() still reports that the other end is closed.
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
      // After an overflow any event may have been lost.
      if ((event.mask & (name_events | IN_Q_OVERFLOW)) != 0) names_changed_ = true;
      if ((event.mask & gone) != 0) directory_gone_ = true;
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
}

}  // namespace spider_check
