#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports.hpp"
#include "os/file_descriptor.hpp"

namespace spider_check::os {

/**
 * The logs of one schedule: LOG_DIR/SCHEDULE/SPIDER/run-ID-attempt-N.log. Below LOG_DIR it follows
 * no symbolic link and takes regular files of such names only, so that nothing is ever seen, read
 * or removed that is elsewhere or somebody else's.
 */
class ScheduleLogs final : public LogFolder {
 public:
  ScheduleLogs(const std::filesystem::path& log_dir, std::string_view schedule);

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }

  [[nodiscard]] std::vector<LogFile> list() override;
  [[nodiscard]] std::set<LogName> names() override;
  [[nodiscard]] std::string remove(const std::filesystem::path& file) override;
  [[nodiscard]] std::string end_of(const std::filesystem::path& log,
                                   std::int64_t most) const noexcept override;

  /**
   * Opens a log to read it: a regular file of this user, of root or of whom the folder belongs to.
   * Throws std::system_error that names it.
   */
  [[nodiscard]] FileDescriptor open(const std::filesystem::path& log) const;

 private:
  /** Calls take(folder, name) for the folder of each spider. */
  template <typename Take>
  void each_spider(Take&& take);

  std::filesystem::path path_;
};

}  // namespace spider_check::os
