#pragma once

#include <string>

#include "core/notification.hpp"

namespace spider_check::notify {

/** Where an event was noticed. */
struct Origin {
  std::string schedule;
  std::string host;
};

/**
 * The facts of an event, one JSON object, as docs/reference.md describes it. log: the end of a log,
 * or empty. What is no UTF-8 is replaced, and nothing holds more than the page would show.
 */
[[nodiscard]] std::string facts(const Event& event, const Origin& origin,
                                const ScheduleSummary& summary, const Policy& policy,
                                const std::string& log);

}  // namespace spider_check::notify
