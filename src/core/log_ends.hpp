#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/port.hpp"

namespace spider_check {

/** Reads the ends of logs. */
class LogEnds : public Port {
 public:
  /**
   * The last bytes of a log, at most `most`, as they are. Empty for what is gone, cannot be read or
   * is no log: a path comes out of the database, and may name anything. Never throws.
   */
  [[nodiscard]] virtual std::string end_of(const std::filesystem::path& log,
                                           std::int64_t most) const noexcept = 0;
};

}  // namespace spider_check
