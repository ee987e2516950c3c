#pragma once

#include <chrono>

namespace spider_check::test {

/** Puts this program's steady clock forward, so that no test waits for 30 seconds to pass. */
void put_clock_forward(std::chrono::seconds by);

}  // namespace spider_check::test
