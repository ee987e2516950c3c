#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fiber.hpp"
#include "logs/log_directory.hpp"
#include "machine.hpp"
#include "schedule/instance.hpp"
#include "support/fakes.hpp"
#include "support/memory_run_store.hpp"
#include "trace.hpp"

namespace spider_check::test {

class World;

/** What is thrown in a process that is killed. Nothing of the program catches it. */
struct Killed {};

/** Runs spiders that take their time; each step of it is a point at which anything can happen. */
class ModelRunner final : public SpiderRunner {
 public:
  explicit ModelRunner(class Process& process) : process_(process) {}

  [[nodiscard]] RunCut run_all(const std::vector<SpiderJob>& jobs, RunObserver& observer) override;

 private:
  [[nodiscard]] bool run(const SpiderJob& job, RunObserver& observer);

  class Process& process_;
};

/** One process of the program: a tick on one of the hosts. */
class Process {
 public:
  Process(World& world, Machine& machine, int pid, Request request);

  /** Goes on with it until it waits for something or has ended. */
  void resume();

  /** It ends here and now. */
  void kill();

  [[nodiscard]] bool ended() const noexcept { return fiber_.ended(); }

  /** From within: time goes on. Throws Killed. */
  void pass(Duration time);

  /** From within: it does something that can be seen from without. Throws Killed; true when it
   * loses its connection now. */
  [[nodiscard]] bool act();

  World& world;
  Machine& machine;
  Duration wakes{0};
  bool watches = false;  ///< it waits for spiders, and for its connection
  int signal = 0;        ///< it is told to end
  MemoryRunStore store;

  [[nodiscard]] Trace& trace();

 private:
  void run();
  void leave_spider();

  std::size_t trace_;
  Request request_;
  Duration grace_;  ///< of its spiders, whatever is configured later
  FakeOwners host_;
  FakeJournal journal_;
  FakeSource source_{{"a", "b", "c"}};
  ModelRunner runner_{*this};
  LogDirectory logs_;
  int acts_ = 0;
  bool killed_ = false;
  Instance schedule_;
  Fiber fiber_;
};

}  // namespace spider_check::test
