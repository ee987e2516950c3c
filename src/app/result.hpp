#pragma once

#include <optional>

#include "core/exit_code.hpp"
#include "core/health.hpp"

namespace spider_check::app {

/** How a command ended: an exit status, or the signal that the program was told to end by. */
struct Result {
  ExitCode code = ExitCode::success;
  int signal = 0;
  std::optional<HealthLevel> health{};  ///< the answer of `health`, which takes the code's place
};

}  // namespace spider_check::app
