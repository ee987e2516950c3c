#pragma once

#include "core/exit_code.hpp"

namespace spider_check::app {

/** How a command ended: an exit status, or the signal that the program was told to end by. */
struct Result {
  ExitCode code = ExitCode::success;
  int signal = 0;
};

}  // namespace spider_check::app
