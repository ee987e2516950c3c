#include "support/fake_journal.hpp"

#include <system_error>

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
  FakeAttemptJournal(FakeDisk& disk, FakeAttempt& attempt) : disk_(disk), attempt_(&attempt) {}

  FakeAttemptJournal(const FakeAttemptJournal&) = delete;
  FakeAttemptJournal& operator=(const FakeAttemptJournal&) = delete;
  FakeAttemptJournal(FakeAttemptJournal&&) = delete;
  FakeAttemptJournal& operator=(FakeAttemptJournal&&) = delete;

  ~FakeAttemptJournal() override {
    if (attempt_ != nullptr) attempt_->live = false;
  }

  void recorded(RunId id) override { record().claim.id = id; }

  void count(int spiders, Duration spiders_outlive) override {
    record().spider_count = spiders;
    record().spiders_outlive = spiders_outlive;
  }

  void start(const JournaledStart& start) override { record().starts.push_back(start); }

  void outcome(const JournaledOutcome& outcome, bool /*only_copy*/) override {
    record().outcomes.push_back(outcome);
  }

  void end(const JournaledEnd& end) override { record().end = end; }

  void sync() override { require_room(disk_); }

  void forget() override {
    erase(disk_, attempt_);
    attempt_ = nullptr;
  }

 private:
  AttemptRecord& record() {
    require_room(disk_);
    return attempt_->record;
  }

  FakeDisk& disk_;
  FakeAttempt* attempt_;
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
  contents.known = disk_.known;
  contents.free_slots = slots_ - static_cast<int>(disk_.locks.size());
  for (const auto& attempt : disk_.attempts) {
    contents.attempts.push_back({attempt.record.claim.token, attempt.record, attempt.live});
  }
  return contents;
}

std::vector<std::unique_ptr<HeldAttempt>> FakeJournal::hold_pending() {
  std::vector<std::unique_ptr<HeldAttempt>> held;
  for (auto& attempt : disk_.attempts) {
    if (!attempt.live) held.push_back(std::make_unique<FakeHeld>(disk_, attempt));
  }
  return held;
}

std::unique_ptr<AttemptJournal> FakeJournal::begin(const AttemptRecord& record) {
  require_room(disk_);
  disk_.attempts.push_back({record});
  return std::make_unique<FakeAttemptJournal>(disk_, disk_.attempts.back());
}

std::unique_ptr<SlotLock> FakeJournal::try_lock(std::optional<int> slot) {
  require_room(disk_);
  for (int candidate = slot.value_or(0); candidate < slots_; ++candidate) {
    if (!disk_.locks.contains(candidate)) return std::make_unique<FakeFileLock>(disk_, candidate);
    if (slot) break;
  }
  return nullptr;
}

void FakeJournal::remember(const Known& known) {
  require_room(disk_);
  disk_.known = known;
  ++disk_.remembered;
}

}  // namespace spider_check::test
