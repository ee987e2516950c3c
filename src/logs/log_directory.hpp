#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "logs/log_name.hpp"
#include "schedule/run.hpp"
#include "util/interface.hpp"

namespace spider_check {

/** A log file of a spider, or what belongs to it. */
struct LogFile {
  std::filesystem::path path;
  std::int64_t size = 0;  ///< bytes
};

/** How much of the logs is kept. */
struct LogLimits {
  RunId too_old = 0;            ///< the logs of the runs up to this one go
  std::int64_t total_size = 0;  ///< bytes; the oldest go until all together are not more
};

/**
 * Which files of one schedule are to be removed, oldest first. Never the newest log of a spider,
 * nor a log in `wanted`, nor a report that belongs to one of these: they count for the size, and
 * stay even when that is exceeded. Half of the size is left to the others in any case.
 *
 * wanted: log paths as they were recorded. A log is known by its spider's directory and its own
 * name, so that it is found again when all logs were moved. Older is what belongs to an earlier
 * run: no file's time matters, which is the host's, and may be anything.
 */
[[nodiscard]] std::vector<LogFile> logs_to_delete(std::vector<LogFile> files,
                                                  const std::vector<std::filesystem::path>& wanted,
                                                  const LogLimits& limits);

/** The directory where the logs of one schedule are. */
class LogDirectory : public Interface {
 public:
  [[nodiscard]] virtual const std::filesystem::path& path() const = 0;

  /**
   * Makes it where it is missing, and this configuration's for good. Gives its path, which is
   * another than before where another configuration was faster. Throws std::system_error.
   */
  virtual const std::filesystem::path& make() = 0;

  /**
   * The logs, and the reports that crawls left beside them; nothing else that may be there. Throws
   * std::system_error when the directory is there and cannot be read.
   */
  [[nodiscard]] virtual std::vector<LogFile> list() = 0;

  /**
   * The names of logs that no new log may have: of everything that is named so, whatever it is.
   * Throws as list() does.
   */
  [[nodiscard]] virtual std::set<LogName> names() = 0;

  /** Removes one of them, and its directory with the last one. Why it is still there; else empty.
   */
  [[nodiscard]] virtual std::string remove(const std::filesystem::path& file) = 0;

  /**
   * The last bytes of a log, at most `most`, as they are. A path comes out of the database, and may
   * name anything: empty for what is not a log in this directory, is gone or cannot be read. Never
   * throws.
   */
  [[nodiscard]] virtual std::string end_of(const std::filesystem::path& log,
                                           std::int64_t most) const noexcept = 0;
};

/** Why nothing can be written in a directory. */
struct DirectoryError {
  std::filesystem::path directory;  ///< the very one, or that in which it cannot be made
  std::string why;                  ///< "Permission denied"
  bool scarce = false;              ///< it can be written in, but there is hardly any room
};

/** Finds directories that logs can be written in. */
class LogFallback : public Interface {
 public:
  /** Makes a directory, private to this user, where there is none. Empty: it can be written in. */
  [[nodiscard]] virtual std::optional<DirectoryError> check_writable(
      const std::filesystem::path& directory) = 0;

  /**
   * A private directory for what cannot be written where it belongs; always the same one, made when
   * it is first asked for. Throws std::system_error.
   */
  [[nodiscard]] virtual const std::filesystem::path& fallback_directory() = 0;
};

}  // namespace spider_check
