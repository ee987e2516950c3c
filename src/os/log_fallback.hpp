#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "core/ports.hpp"

namespace spider_check::os {

/**
 * Tries directories by making them and a file in them, which nobody sees and which is gone at once.
 * From the directory of all logs on they must be this user's own, or root's, and below it no links;
 * for root they may be those of the user to whom the directory of all logs belongs.
 */
class LogFallback final : public spider_check::LogFallback {
 public:
  /** log_dir: the directory of all logs. */
  explicit LogFallback(std::filesystem::path log_dir) : log_dir_(std::move(log_dir)) {}

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

}  // namespace spider_check::os
