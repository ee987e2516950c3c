#pragma once

#include "util/log.hpp"

namespace spider_check {

struct Instance;

/**
 * Writes every publication of the schedule anew, as the database has it now. Never throws: what
 * cannot be written is one line of that level, and stays as it was.
 */
void publish(Instance& instance, LogLevel of_faults = LogLevel::warning);

/**
 * The same, where what is published says that the schedule is enabled and it is not, or the other
 * way round: no run says so for a long time.
 */
void publish_whether_enabled(Instance& instance, LogLevel of_faults);

}  // namespace spider_check
