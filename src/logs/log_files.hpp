#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "logs/log_directory.hpp"
#include "logs/log_name.hpp"
#include "os/descriptors.hpp"
#include "util/text.hpp"

namespace spider_check {

/**
 * Makes a file to append to and the directories above it, private to this user. Does not open a
 * file that exists, except /dev/null. Throws std::system_error that names the path.
 */
[[nodiscard]] FileDescriptor open_log(const std::filesystem::path& path);

/** Adds a line to a log that exists. Errors are ignored. */
void add_to_log(const std::filesystem::path& path, const std::string& line) noexcept;

/**
 * Writes logs to a terminal without control characters, and to a pipe or file unchanged. SIGPIPE
 * must be ignored.
 */
class LogOutput {
 public:
  /** The descriptor is not owned, and outlives the output. */
  explicit LogOutput(int fd);

  /** False: the reader is gone. Throws std::system_error. */
  [[nodiscard]] bool write(std::string_view bytes);

  /** Ends a log. Returns and throws as write(). */
  [[nodiscard]] bool end_log();

  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  [[nodiscard]] bool write_all(std::string_view bytes) const;

  int fd_;
  std::optional<TerminalText> terminal_;  ///< empty: no terminal
};

/** Reads one log while it grows. */
class LogReader {
 public:
  /** Throws as LogDirectory::open(). */
  LogReader(const LogDirectory& logs, const std::filesystem::path& log);

  /**
   * Writes what was added since the last call, or everything if the file was emptied. False: the
   * reader is gone. Throws std::system_error.
   */
  [[nodiscard]] bool show_new(LogOutput& output);

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
  std::int64_t shown_ = 0;  ///< bytes
};

/** Writes a whole log. Throws std::system_error. */
void show_log(const LogDirectory& logs, const std::filesystem::path& log, LogOutput& output);

/** Which logs are followed after the first one, and what is called for each. */
struct LogSequence {
  std::function<bool(const LogName&)> takes;
  std::function<void(const std::filesystem::path&)> on_next;
};

/**
 * Writes a log while it grows, and then the next log of the same spider as soon as there is one.
 * Waits by inotify on the spider's directory.
 */
class LogFollower {
 public:
  /** The logs and the output outlive the follower. Throws std::system_error. */
  LogFollower(const LogDirectory& logs, const std::filesystem::path& log, LogOutput& output,
              LogSequence sequence);

  /** Returns when the reader or the directory is gone. Throws std::system_error. */
  void run();

 private:
  [[nodiscard]] bool wait();
  void take_events();
  [[nodiscard]] std::optional<LogName> find_next();
  [[nodiscard]] bool go_on_to(const LogName& name);
  [[nodiscard]] std::filesystem::path path_of(const LogName& name) const;

  const LogDirectory& logs_;
  std::filesystem::path directory_;
  LogOutput& output_;
  LogSequence sequence_;
  FileDescriptor watch_;
  LogName name_;
  LogReader reader_;
  bool names_changed_ = true;  ///< there may be a new log
  bool directory_gone_ = false;
};

}  // namespace spider_check
