#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "core/file_name.hpp"
#include "os/file_descriptor.hpp"
#include "os/log_output.hpp"
#include "os/log_reader.hpp"
#include "os/schedule_logs.hpp"

namespace spider_check::os {

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
  LogFollower(const ScheduleLogs& logs, const std::filesystem::path& log, LogOutput& output,
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

  const ScheduleLogs& logs_;
  std::filesystem::path directory_;
  LogOutput& output_;
  LogSequence sequence_;
  FileDescriptor watch_;
  LogName name_;
  LogReader reader_;
  bool names_changed_ = true;  ///< there may be a log that was not there at the last look
  bool directory_gone_ = false;
};

}  // namespace spider_check::os
