#pragma once

#include <filesystem>
#include <optional>

#include "core/ports.hpp"

namespace spider_check::os {

/** Tries folders by making them and a file in them, which nobody sees and which is gone at once. */
class LogPlaces final : public spider_check::LogPlaces {
 public:
  [[nodiscard]] std::optional<FolderFault> fault_of(const std::filesystem::path& folder) override;

  /** spider-check-XXXXXX in $TMPDIR or /tmp. Nobody removes it: it holds the only logs. */
  [[nodiscard]] const std::filesystem::path& spare() override;

 private:
  std::filesystem::path spare_;
};

}  // namespace spider_check::os
