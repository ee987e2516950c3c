#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "core/ports.hpp"

namespace spider_check::os {

/**
 * Tries folders by making them and a file in them, which nobody sees and which is gone at once.
 * From the folder of all logs on they must be this user's own, or root's, and below it no links;
 * for root they may be those of the user to whom the folder of all logs belongs.
 */
class LogPlaces final : public spider_check::LogPlaces {
 public:
  /** log_dir: the folder of all logs. */
  explicit LogPlaces(std::filesystem::path log_dir) : log_dir_(std::move(log_dir)) {}

  [[nodiscard]] std::optional<FolderFault> fault_of(const std::filesystem::path& folder) override;

  /** spider-check-XXXXXX in $TMPDIR or /tmp. Nobody removes it: it holds the only logs. */
  [[nodiscard]] const std::filesystem::path& spare() override;

 private:
  /** Why no log is written there although it could be. */
  [[nodiscard]] std::optional<FolderFault> foreign(const std::filesystem::path& folder) const;

  std::filesystem::path log_dir_;
  std::filesystem::path spare_;
};

}  // namespace spider_check::os
