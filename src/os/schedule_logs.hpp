#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports.hpp"

namespace spider_check::os {

/**
 * The logs of one schedule: LOG_DIR/SCHEDULE/SPIDER/run-ID-attempt-N.log. Below LOG_DIR it follows
 * no symbolic link and takes regular files of such names only, so that nothing is ever seen or
 * removed that is elsewhere or somebody else's.
 */
class ScheduleLogs final : public LogFolder {
 public:
  ScheduleLogs(const std::filesystem::path& log_dir, std::string_view schedule);

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }

  [[nodiscard]] std::vector<LogFile> list() override;
  [[nodiscard]] std::string remove(const std::filesystem::path& file) override;

 private:
  std::filesystem::path path_;
};

}  // namespace spider_check::os
