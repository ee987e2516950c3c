#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "logs/log_name.hpp"
#include "os/descriptors.hpp"
#include "os/own_directory.hpp"

namespace spider_check {

/** A log of a spider, or the report of its crawl. */
struct LogFile {
  std::filesystem::path path;
  std::int64_t size = 0;  ///< bytes
};

/** Why no log can be written in a directory. */
struct DirectoryError {
  std::filesystem::path directory;  ///< the one that is wrong, or in which it cannot be made
  std::string why;                  ///< "Permission denied"
  bool scarce = false;              ///< logs can be written, but there is hardly any room
};

/** Where a fallback directory may be made: $TMPDIR, if it is set, and /tmp. */
[[nodiscard]] std::vector<std::filesystem::path> temporary_directories();

/**
 * The logs of one schedule: LOG_DIR/SCHEDULE/SPIDER/run-ID-attempt-N.log, where LOG_DIR/SCHEDULE
 * belongs to this configuration (OwnDirectory). Below LOG_DIR it follows no symbolic link and takes
 * only regular files of such names, so that it never shows or removes another user's files.
 */
class LogDirectory {
 public:
  /** configuration: as OwnDirectory has it. temporary: where fallback_directory() may be. */
  LogDirectory(const std::filesystem::path& log_dir, const std::string& schedule,
               std::vector<std::filesystem::path> configuration = {},
               std::vector<std::filesystem::path> temporary = temporary_directories());

  /** LOG_DIR, where the logs of all schedules are. */
  [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }

  /** LOG_DIR/SCHEDULE */
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }

  /**
   * Makes the directory, if it is missing, and marks it as this configuration's. Returns its path,
   * which changes if another configuration was faster. Throws std::system_error.
   */
  const std::filesystem::path& make() { return directory_.make(); }

  /**
   * The logs and reports, and no other files. Throws std::system_error if the directory exists and
   * cannot be read.
   */
  [[nodiscard]] std::vector<LogFile> list() const;

  /** The names that no new log may have, whatever kind of file has them. Throws as list() does. */
  [[nodiscard]] std::set<LogName> names() const;

  /**
   * Removes a file that list() returned, and its directory with the last one. Returns why it is
   * still there; empty: it is gone.
   */
  [[nodiscard]] std::string remove(const std::filesystem::path& file) const;

  /**
   * Opens a log to read it: a regular file of this user, of root or of the owner of the directory.
   * Throws std::system_error that names it.
   */
  [[nodiscard]] FileDescriptor open(const std::filesystem::path& log) const;

  /**
   * The last bytes of a log, at most `most`. The path comes from the database and may name
   * anything: empty if it is not a log in this directory, is gone or cannot be read. Never throws.
   */
  [[nodiscard]] std::string end_of(const std::filesystem::path& log,
                                   std::int64_t most) const noexcept;

  /**
   * Makes a directory below LOG_DIR, private to this user, and a file without a name in it. LOG_DIR
   * and those below it must be this user's or root's, and those below it no links; for root they
   * may be the owner's of LOG_DIR. Empty: logs can be written there.
   */
  [[nodiscard]] std::optional<DirectoryError> check_writable(
      const std::filesystem::path& directory) const;

  /**
   * A private directory, spider-check-XXXXXX, for logs that cannot be written where they belong:
   * made by the first call, and never removed. Throws std::system_error.
   */
  [[nodiscard]] const std::filesystem::path& fallback_directory();

 private:
  [[nodiscard]] std::optional<DirectoryError> find_foreign(
      const std::filesystem::path& directory) const;

  std::filesystem::path root_;
  OwnDirectory directory_;
  std::vector<std::filesystem::path> temporary_;
  std::filesystem::path fallback_;  ///< empty until it is made
};

}  // namespace spider_check
