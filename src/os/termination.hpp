#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "util/options.hpp"
#include "util/time.hpp"

namespace spider_check {

/** The process ended by itself. */
struct Exited {
  int code = 0;
  friend bool operator==(const Exited&, const Exited&) = default;
};

/** A signal ended the process. */
struct Signaled {
  int signal = 0;
  bool core_dumped = false;
  friend bool operator==(const Signaled&, const Signaled&) = default;
};

/** The process never came to be: the program is missing, the log cannot be opened, … */
struct NotStarted {
  std::string why;
  friend bool operator==(const NotStarted&, const NotStarted&) = default;
};

/** It ran, and how it ended is not known: it has not, or the process that watches over it was lost.
 */
struct Unknown {
  std::string why;
  friend bool operator==(const Unknown&, const Unknown&) = default;
};

/** How a child process ended. */
using Termination = std::variant<Exited, Signaled, NotStarted, Unknown>;

/** Why the program stopped a child. */
enum class StopCause {
  none,         ///< it was not stopped
  run_stopped,  ///< the whole run was: by a signal, or because it is no longer ours
  run_timeout,  ///< the whole run took too long
  timeout,      ///< it took too long itself
  stall,        ///< it made no progress for too long
  stayed,       ///< its crawl was over, and its process did not end
};

/** A process that SIGKILL does not end: it is in the kernel, or another user's. */
struct LeftProcess {
  int pid = 0;
  std::int64_t start = 0;  ///< clock ticks since boot, as of Owner; 0: unknown
  std::string name;
  std::string why;  ///< "state D", "user root"

  friend bool operator==(const LeftProcess&, const LeftProcess&) = default;
};

/** How one child process went. */
struct ChildReport {
  Termination termination;
  StopCause stopped = StopCause::none;
  Duration took{0};                 ///< from its start to its end
  Duration cpu_time{0};             ///< of the child and of its children that it waited for
  std::int64_t peak_memory = 0;     ///< bytes resident, of the largest of them
  std::vector<LeftProcess> left{};  ///< of all that it started, what could not be ended
};

/** "exit status 3", "killed by SIGSEGV (core dumped)", "not started: …". */
[[nodiscard]] std::string to_text(const Termination& termination);

/** The same as what a program did: "exited with 1", "was killed by SIGTERM". */
[[nodiscard]] std::string to_verb(const Termination& termination);

/** "could not be ended: sleep, pid 4711 is still alive (user root)"; empty where nothing is left.
 */
[[nodiscard]] std::string to_text(const std::vector<LeftProcess>& left);

/** "SIGTERM" for 15; "signal 99" for a number without a name. */
[[nodiscard]] std::string signal_name(int signal);

/** For how long what SIGKILL was sent to may take to end; then it is reported as still alive. */
inline constexpr Duration kill_patience = std::chrono::seconds(5);

/**
 * How a process and all that it started are ended: SIGTERM, again after the grace, SIGKILL to all
 * after the second grace, then a bounded wait.
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

  /** What to do now. SIGKILL is repeated, for processes that were forked meanwhile. */
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

/** How long a spider may take, and how it is stopped. Only time that the host is awake counts. */
struct SpiderLimits : LimitKeys {
  /** From the second SIGTERM, at which Scrapy ends within a second, to SIGKILL. */
  Duration second_grace = std::chrono::seconds(5);
};

/** How long it lives at most once it is stopped; its supervisor stops it when its program dies. */
[[nodiscard]] constexpr Duration max_stop(const SpiderLimits& limits) {
  return limits.grace + limits.second_grace;
}

}  // namespace spider_check
