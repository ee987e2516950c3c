#pragma once

#include <cstdint>
#include <filesystem>

#include "os/file_descriptor.hpp"
#include "os/log_output.hpp"
#include "os/schedule_logs.hpp"

namespace spider_check::os {

/** Reads one log from its beginning on, as far as it is written. */
class LogReader {
 public:
  /** Throws as ScheduleLogs::open() does. */
  LogReader(const ScheduleLogs& logs, const std::filesystem::path& log);

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
void show_log(const ScheduleLogs& logs, const std::filesystem::path& log, LogOutput& output);

}  // namespace spider_check::os
