#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "logs/log_directory.hpp"
#include "os/descriptors.hpp"
#include "os/own_directory.hpp"

namespace spider_check {

/**
 * Tries directories by making them and a file in them, which nobody sees and which is gone at once.
 * From the directory of all logs on they must be this user's own, or root's, and below it no links;
 * for root they may be those of the user to whom the directory of all logs belongs.
 */
class SpareLogDirectory final : public LogFallback {
 public:
  /** log_dir: the directory of all logs. */
  explicit SpareLogDirectory(std::filesystem::path log_dir) : log_dir_(std::move(log_dir)) {}

  [[nodiscard]] std::optional<DirectoryError> check_writable(
      const std::filesystem::path& directory) override;

  /** spider-check-XXXXXX in $TMPDIR or /tmp. Nobody removes it: it holds the only logs. */
  [[nodiscard]] const std::filesystem::path& fallback_directory() override;

 private:
  /** Why no log is written there although it could be. */
  [[nodiscard]] std::optional<DirectoryError> foreign(const std::filesystem::path& directory) const;

  std::filesystem::path log_dir_;
  std::filesystem::path spare_;
};

/**
 * The logs of one schedule: LOG_DIR/SCHEDULE/SPIDER/run-ID-attempt-N.log, as far as
 * LOG_DIR/SCHEDULE is this configuration's (OwnDirectory). Below LOG_DIR it follows no symbolic
 * link and takes regular files of such names only, so that nothing is ever seen, read or removed
 * that is elsewhere or somebody else's.
 */
class ScheduleLogs final : public LogDirectory {
 public:
  /** configuration: as OwnDirectory has it. */
  ScheduleLogs(const std::filesystem::path& log_dir, const std::string& schedule,
               std::vector<std::filesystem::path> configuration = {})
      : directory_(log_dir.lexically_normal(), schedule, std::move(configuration)) {}

  [[nodiscard]] const std::filesystem::path& path() const override { return directory_.path(); }

  const std::filesystem::path& make() override { return directory_.make(); }

  [[nodiscard]] std::vector<LogFile> list() override;
  [[nodiscard]] std::set<LogName> names() override;
  [[nodiscard]] std::string remove(const std::filesystem::path& file) override;
  [[nodiscard]] std::string end_of(const std::filesystem::path& log,
                                   std::int64_t most) const noexcept override;

  /**
   * Opens a log to read it: a regular file of this user, of root or of whom the directory belongs
   * to. Throws std::system_error that names it.
   */
  [[nodiscard]] FileDescriptor open(const std::filesystem::path& log) const;

 private:
  /** Calls take(directory, name) for the directory of each spider. */
  template <typename Take>
  void each_spider(Take&& take);

  OwnDirectory directory_;
};

}  // namespace spider_check
