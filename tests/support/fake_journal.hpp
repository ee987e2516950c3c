#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "outbox/journal.hpp"

namespace spider_check::test {

/** An attempt as a fake journal keeps it. */
struct FakeAttempt {
  std::string name;
  AttemptRecord record;
  std::vector<std::string> unwritten{};  ///< facts that there was no room for
  bool live = true;                      ///< its writer, or whoever replays it, is there
};

/** What a host keeps on its disk: it outlives the processes. */
struct FakeDisk {
  HostState host_state;
  std::list<FakeAttempt> attempts;
  std::set<int> locks;                 ///< slots
  bool visited = false;                ///< a process is at the pending ones
  bool full = false;                   ///< every write throws
  int remembered = 0;                  ///< how often something was noted
  int kept_locks = 0;                  ///< how often a process saw to its locks
  int begun = 0;                       ///< attempts
  std::function<void()> before_write;  ///< called by every write; what it throws comes through

  /** As if every process of the host had died. */
  void kill_writers() {
    for (auto& attempt : attempts) attempt.live = false;
    locks.clear();
  }
};

/**
 * A Journal in memory. The contract test (tests/process) holds it against the real one, so that it
 * cannot drift.
 */
class FakeJournal final : public Journal {
 public:
  /** The disk outlives it. */
  explicit FakeJournal(FakeDisk& disk, int slots = 1) : disk_(&disk), slots_(slots) {}

  /** From now on it is on this one. */
  void use(FakeDisk& disk) { disk_ = &disk; }

  [[nodiscard]] bool pending() override { return !disk_->attempts.empty(); }

  [[nodiscard]] JournalContents read() override;
  void visit_pending(const std::function<bool(const PendingAttempt&)>& visit) override;

  [[nodiscard]] std::vector<std::string> take_faults() override { return {}; }

  [[nodiscard]] std::string begin(const AttemptRecord& record) override;
  void append(const std::string& name, const std::string& fact, bool sync) override;
  void sync(const std::string& name) override;
  void forget(const std::string& name) override;
  void close(const std::string& name) noexcept override;
  [[nodiscard]] std::unique_ptr<SlotLock> try_lock(std::optional<int> slot) override;

  void keep_locks() override { ++disk_->kept_locks; }

  [[nodiscard]] HostState host_state() override { return disk_->host_state; }

  void change(const std::function<void(HostState&)>& change) override;

  [[nodiscard]] bool is_current(const std::optional<TimePoint>& mark) override {
    if (disk_->remembered == 0 && !disk_->host_state.mark) return false;
    return disk_->host_state.mark == mark && !disk_->host_state.away &&
           !disk_->host_state.published_disabled;
  }

  [[nodiscard]] std::string place() const override { return "/state/journal/default"; }

 private:
  [[nodiscard]] FakeAttempt* find(const std::string& name);

  FakeDisk* disk_;
  int slots_;
};

}  // namespace spider_check::test
