#pragma once

#include "app/schedule.hpp"

namespace spider_check::app {

/**
 * Writes every publication of the schedule anew, as the database has it now. Never throws: what
 * cannot be written is one warning, and stays as it was.
 */
void publish(Schedule& schedule);

}  // namespace spider_check::app
