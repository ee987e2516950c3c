#pragma once

#include <string>

#include "app/instance.hpp"

namespace spider_check::app {

/**
 * Removes everything that is too old or too much, or only counts it. Gives what to tell the person.
 * Throws DbError, and std::system_error when the log directory cannot be read.
 */
[[nodiscard]] std::string prune(Instance& instance, bool dry_run);

}  // namespace spider_check::app
