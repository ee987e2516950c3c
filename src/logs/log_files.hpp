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
 * Makes a file to append to, private to this user, and the directories above it, private too. It
 * never opens what is there already, but for /dev/null. Throws std::system_error that names the
 * path.
 */
[[nodiscard]] FileDescriptor open_log(const std::filesystem::path& path);

/** Adds a line to a log that is there, as far as that can be. */
void add_to_log(const std::filesystem::path& path, const std::string& line) noexcept;

/**
 * Where logs are shown. A terminal gets what is harmless to it; a pipe or a file gets the very
 * bytes. SIGPIPE has to be ignored.
 */
class LogOutput {
 public:
  /** The descriptor is not owned, and outlives the output. */
  explicit LogOutput(int fd);

  /** False when nobody reads any more. Throws std::system_error. */
  [[nodiscard]] bool write(std::string_view bytes);

  /** The log ends here. As write(). */
  [[nodiscard]] bool end_log();

  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  [[nodiscard]] bool write_all(std::string_view bytes) const;

  int fd_;
  std::optional<TerminalText> terminal_;  ///< empty: no terminal
};

/** Reads one log from its beginning on, as far as it is written. */
class LogReader {
 public:
  /** Throws as LogDirectory::open() does. */
  LogReader(const LogDirectory& logs, const std::filesystem::path& log);

  /**
   * Shows what is new since the last time; all of it when the file was emptied meanwhile. False
   * when nobody reads any more. Throws std::system_error.
   */
  [[nodiscard]] bool show_new(LogOutput& output);

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
  std::int64_t shown_ = 0;  ///< bytes
};

/** Shows the whole of a log. Throws std::system_error. */
void show_log(const LogDirectory& logs, const std::filesystem::path& log, LogOutput& output);

/** Which logs are followed after the first, and who is told of each. */
struct LogSequence {
  std::function<bool(const LogName&)> takes;
  std::function<void(const std::filesystem::path&)> on_next;
};

/**
 * Shows a log and what is appended to it, and goes on to the next log of the same spider as soon as
 * there is one. The kernel tells what happens in the spider's directory (inotify): nothing is
 * polled.
 */
class LogFollower {
 public:
  /** The logs and the output outlive the follower. Throws std::system_error. */
  LogFollower(const LogDirectory& logs, const std::filesystem::path& log, LogOutput& output,
              LogSequence sequence);

  /**
   * Returns when nobody reads any more or the directory is gone; a signal ends the program as
   * usual. Throws std::system_error.
   */
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
  bool names_changed_ = true;  ///< there may be a log that was not there at the last look
  bool directory_gone_ = false;
};

}  // namespace spider_check
