#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/termination.hpp"
#include "core/time.hpp"

namespace spider_check::os {

/** What a short program said. */
struct Captured {
  Termination termination;
  bool timed_out = false;  ///< it was killed because it took too long
  std::string output;
  std::string errors;
};

/**
 * Runs a program to its end and keeps what it prints, at most the first megabyte of each stream.
 * It is killed after the timeout. Throws std::system_error when it cannot be started.
 */
[[nodiscard]] Captured capture(const std::vector<std::string>& command,
                               const std::filesystem::path& working_directory, Duration timeout);

}  // namespace spider_check::os
