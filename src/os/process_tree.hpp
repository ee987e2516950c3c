#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "os/termination.hpp"

namespace spider_check {

/** A process as /proc shows it. */
struct ProcessEntry {
  pid_t pid = 0;
  pid_t parent = 0;
  char state = '?';        ///< 'D', 'Z', …
  std::int64_t start = 0;  ///< clock ticks since boot
  std::string name;
};

/** Every process below this one, itself not; nothing where /proc cannot be read. */
[[nodiscard]] std::vector<ProcessEntry> processes_below(pid_t root);

/** SIGKILL to each. */
void kill_all(const std::vector<ProcessEntry>& processes) noexcept;

/** How it is reported when it could not be ended. */
[[nodiscard]] LeftProcess to_left(const ProcessEntry& process);

/** A small file of /proc, which one read() gives whole; empty when there is none. */
[[nodiscard]] std::string read_proc(const std::string& path);

/** All that /proc shows. */
[[nodiscard]] std::vector<ProcessEntry> all_processes();

/** The process itself; 0: this one. Its state is '?' where /proc does not show it. */
[[nodiscard]] ProcessEntry look_up(pid_t pid);

// What this process has started itself, and what it has given up: every other child of it is an
// orphan that it adopted.
void note_child(pid_t pid);
void forget_child(pid_t pid) noexcept;

/** The sooner of the two; none is never. */
[[nodiscard]] std::optional<Escalation::Time> sooner(const std::optional<Escalation::Time>& one,
                                                     const std::optional<Escalation::Time>& other);

/** Milliseconds for poll(2) until then; -1 for never. */
[[nodiscard]] int wait_until(const std::optional<Escalation::Time>& then);

/** Ends what this process adopted, as a subreaper, from a supervisor that died. Never waits. */
class AdoptedProcesses {
 public:
  /** spider: the first of them, whose usage is reported; 0: unknown. */
  AdoptedProcesses(pid_t spider, Duration grace, Duration second_grace)
      : spider_(spider), escalation_(grace, second_grace) {}

  void stop() { escalation_.stop(Escalation::Time::clock::now()); }

  void kill() { escalation_.kill(Escalation::Time::clock::now()); }

  /** When attend() is to be called at the latest. */
  [[nodiscard]] std::optional<Escalation::Time> next() const;

  /** Goes on. True once none is left, or those that are were given up. */
  [[nodiscard]] bool attend();

  /** What is known of the spider: its usage, and what could not be ended. */
  [[nodiscard]] const ChildReport& report() const noexcept { return report_; }

 private:
  void reap(const ProcessEntry& process);

  pid_t spider_;
  Escalation escalation_;
  bool signaled_ = false;  ///< the first SIGTERM was sent
  std::optional<Escalation::Time> next_look_;
  Duration pause_{0};
  ChildReport report_;
};

}  // namespace spider_check
