#pragma once

#include <chrono>
#include <optional>

#include "core/time.hpp"

namespace spider_check {

/** For how long what SIGKILL was sent to may take to end; then it is reported as still alive. */
inline constexpr Duration kill_patience = std::chrono::seconds(5);

/**
 * How a process and all that it started are ended: SIGTERM, once more after the grace, SIGKILL to
 * all of them after the second grace, and then a bounded wait for what even that does not end.
 */
class Escalation {
 public:
  using Time = std::chrono::steady_clock::time_point;

  enum class Step { none, terminate, kill, give_up };

  Escalation(Duration grace, Duration second_grace) : graces_{grace, second_grace} {}

  /** Begins with SIGTERM; nothing where it has begun. */
  void stop(Time now);

  /** Goes on with SIGKILL; nothing where it has got that far. */
  void kill(Time now);

  [[nodiscard]] bool has_begun() const noexcept { return stage_ != Stage::idle; }

  /** When step() has something to say; empty: never, as long as nothing begins. */
  [[nodiscard]] std::optional<Time> next() const noexcept { return next_; }

  /**
   * What is to be done now. SIGKILL is repeated while it is waited for: what forks meanwhile is
   * still to be found.
   */
  [[nodiscard]] Step step(Time now);

 private:
  enum class Stage { idle, told, killed, given_up };

  Duration graces_[2];
  Stage stage_ = Stage::idle;
  int told_ = 0;  ///< how often SIGTERM was sent
  std::optional<Time> next_;
  Time give_up_at_{};
  Duration pause_{0};  ///< until SIGKILL is sent again
};

}  // namespace spider_check
