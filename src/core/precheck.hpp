#pragma once

#include <optional>
#include <string>

#include "core/interface.hpp"
#include "core/time.hpp"

namespace spider_check {

/** A program that says whether the world is ready for a run: whether there is a network, say. */
class Precheck : public Interface {
 public:
  /**
   * Asks, which may take half a minute. Why a run should be put off, in one printable line that
   * names the program; empty: go on. Does not throw.
   */
  [[nodiscard]] virtual std::optional<std::string> objection() = 0;
};

/**
 * Whether an objection may put off a run that is due: data that is there and not older than
 * max_age can wait.
 */
[[nodiscard]] bool may_wait(const std::optional<TimePoint>& newest_success, TimePoint now,
                            Duration max_age) noexcept;

}  // namespace spider_check
