#pragma once

#include "core/log_ends.hpp"

namespace spider_check::os {

/** Takes regular files with the names of logs only, and follows no symbolic link to one. */
class LogEnds final : public spider_check::LogEnds {
 public:
  [[nodiscard]] std::string end_of(const std::filesystem::path& log,
                                   std::int64_t most) const noexcept override;
};

}  // namespace spider_check::os
