#include "support/fake_journal.hpp"

#include <algorithm>
#include <system_error>
#include <vector>

namespace spider_check::test {

namespace {

void require_room(const FakeDisk& disk) {
  if (disk.before_write) disk.before_write();
  if (disk.full) {
    throw std::system_error(std::make_error_code(std::errc::no_space_on_device),
                            "cannot write the journal");
  }
}

void erase(FakeDisk& disk, const FakeAttempt* attempt) {
  disk.attempts.remove_if([&](const FakeAttempt& other) { return &other == attempt; });
}

class FakeAttemptJournal final : public AttemptJournal {
 public:
  FakeAttemptJournal(FakeDisk& disk, FakeAttempt& attempt)
      : disk_(disk), attempt_(&attempt), record_(attempt.record) {}

  FakeAttemptJournal(const FakeAttemptJournal&) = delete;
  FakeAttemptJournal& operator=(const FakeAttemptJournal&) = delete;
  FakeAttemptJournal(FakeAttemptJournal&&) = delete;
  FakeAttemptJournal& operator=(FakeAttemptJournal&&) = delete;

  ~FakeAttemptJournal() override {
    if (attempt_ != nullptr) attempt_->live = false;
  }

  void recorded(RunId id, const DatabaseIdentity& database) override {
    record_.claim.id = id;
    if (!database.id.empty()) record_.database = database;
    sync();
  }

  void count(int spiders, Duration spiders_outlive) override {
    record_.spider_count = spiders;
    record_.spiders_outlive = spiders_outlive;
    sync();
  }

  void start(const JournaledStart& start) override {
    record_.starts.push_back(start);
    sync();
  }

  void outcome(const JournaledOutcome& outcome, bool /*only_copy*/) override {
    record_.outcomes.push_back(outcome);
    sync();
  }

  void end(const JournaledEnd& end) override {
    record_.end = end;
    sync();
  }

  /** All that was kept, too, while there was no room. */
  void sync() override {
    require_room(disk_);
    attempt_->record = record_;
  }

  void forget() override {
    erase(disk_, attempt_);
    attempt_ = nullptr;
  }

 private:
  FakeDisk& disk_;
  FakeAttempt* attempt_;
  AttemptRecord record_;
};

class FakeHeld final : public HeldAttempt {
 public:
  FakeHeld(FakeDisk& disk, FakeAttempt& attempt) : disk_(disk), attempt_(&attempt) {
    attempt.live = true;
  }

  FakeHeld(const FakeHeld&) = delete;
  FakeHeld& operator=(const FakeHeld&) = delete;
  FakeHeld(FakeHeld&&) = delete;
  FakeHeld& operator=(FakeHeld&&) = delete;

  ~FakeHeld() override {
    if (attempt_ != nullptr) attempt_->live = false;
  }

  [[nodiscard]] const AttemptRecord& record() const override { return attempt_->record; }

  void end(const JournaledEnd& end) override {
    require_room(disk_);
    attempt_->record.end = end;
  }

  void forget() override {
    erase(disk_, attempt_);
    attempt_ = nullptr;
  }

 private:
  FakeDisk& disk_;
  FakeAttempt* attempt_;
};

class FakeFileLock final : public SlotLock {
 public:
  FakeFileLock(FakeDisk& disk, int slot) : disk_(disk), slot_(slot) { disk_.locks.insert(slot); }

  FakeFileLock(const FakeFileLock&) = delete;
  FakeFileLock& operator=(const FakeFileLock&) = delete;
  FakeFileLock(FakeFileLock&&) = delete;
  FakeFileLock& operator=(FakeFileLock&&) = delete;

  ~FakeFileLock() override { disk_.locks.erase(slot_); }

  [[nodiscard]] int slot() const noexcept override { return slot_; }

  void decided() override {}

  void release() override { disk_.locks.erase(slot_); }

 private:
  FakeDisk& disk_;
  int slot_;
};

}  // namespace

JournalContents FakeJournal::read() {
  JournalContents contents;
  contents.host_state = disk_->host_state;
  contents.free_slots = slots_ - static_cast<int>(disk_->locks.size());
  for (const auto& attempt : disk_->attempts) {
    contents.attempts.push_back(
        {attempt.record.claim.token, attempt.record, attempt.live || disk_->visited});
  }
  return contents;
}

void FakeJournal::visit_pending(const std::function<bool(HeldAttempt&)>& visit) {
  if (disk_->visited) return;
  disk_->visited = true;
  const std::unique_ptr<bool, void (*)(bool*)> leave(&disk_->visited,
                                                     [](bool* at) { *at = false; });
  // Those of now: while one is visited others may forget theirs.
  std::vector<FakeAttempt*> listed;
  for (auto& attempt : disk_->attempts) listed.push_back(&attempt);
  for (auto* attempt : listed) {
    const bool is_there = std::any_of(disk_->attempts.begin(), disk_->attempts.end(),
                                      [&](const auto& other) { return &other == attempt; });
    if (!is_there || attempt->live) continue;
    FakeHeld held(*disk_, *attempt);
    if (!visit(held)) return;
  }
}

std::unique_ptr<AttemptJournal> FakeJournal::begin(const AttemptRecord& record) {
  require_room(*disk_);
  disk_->attempts.push_back({record});
  return std::make_unique<FakeAttemptJournal>(*disk_, disk_->attempts.back());
}

std::unique_ptr<SlotLock> FakeJournal::try_lock(std::optional<int> slot) {
  require_room(*disk_);
  for (int candidate = slot.value_or(0); candidate < slots_; ++candidate) {
    if (!disk_->locks.contains(candidate)) return std::make_unique<FakeFileLock>(*disk_, candidate);
    if (slot) break;
  }
  return nullptr;
}

void FakeJournal::change(const std::function<void(HostState&)>& change) {
  // Another process may be faster, but none comes between the reading and the writing.
  require_room(*disk_);
  change(disk_->host_state);
  ++disk_->remembered;
}

}  // namespace spider_check::test
