#include "support/fake_journal.hpp"

#include <algorithm>
#include <system_error>
#include <vector>

#include "outbox/record_json.hpp"

namespace spider_check::test {

namespace {

void require_room(const FakeDisk& disk) {
  if (disk.before_write) disk.before_write();
  if (disk.full) {
    throw std::system_error(std::make_error_code(std::errc::no_space_on_device),
                            "cannot write the journal");
  }
}

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
    contents.attempts.push_back({attempt.name, attempt.record, attempt.live || disk_->visited});
  }
  return contents;
}

FakeAttempt* FakeJournal::find(const std::string& name) {
  const auto found = std::find_if(disk_->attempts.begin(), disk_->attempts.end(),
                                  [&](const auto& attempt) { return attempt.name == name; });
  return found == disk_->attempts.end() ? nullptr : &*found;
}

void FakeJournal::visit_pending(const std::function<bool(const PendingAttempt&)>& visit) {
  if (disk_->visited) return;
  disk_->visited = true;
  const std::unique_ptr<bool, void (*)(bool*)> leave(&disk_->visited,
                                                     [](bool* at) { *at = false; });
  // Those of now: while one is visited others may forget theirs.
  std::vector<std::string> listed;
  for (const auto& attempt : disk_->attempts) listed.push_back(attempt.name);
  for (const auto& name : listed) {
    auto* attempt = find(name);
    if (attempt == nullptr || attempt->live) continue;
    attempt->live = true;
    const std::unique_ptr<const std::string, std::function<void(const std::string*)>> let_go(
        &name, [this](const std::string* held) { close(*held); });
    if (!visit({name, attempt->record, true})) return;
  }
}

std::string FakeJournal::begin(const AttemptRecord& record) {
  require_room(*disk_);
  disk_->attempts.push_back({std::to_string(++disk_->begun), record});
  return disk_->attempts.back().name;
}

void FakeJournal::append(const std::string& name, const std::string& fact, bool sync) {
  (void)sync;
  auto* attempt = find(name);
  if (attempt != nullptr) attempt->unwritten.push_back(fact);
  this->sync(name);
}

/** All that was kept, too, while there was no room. */
void FakeJournal::sync(const std::string& name) {
  require_room(*disk_);
  auto* attempt = find(name);
  if (attempt == nullptr) return;
  for (const auto& fact : attempt->unwritten) (void)apply_json(fact, attempt->record);
  attempt->unwritten.clear();
}

void FakeJournal::forget(const std::string& name) {
  disk_->attempts.remove_if([&](const auto& attempt) { return attempt.name == name; });
}

void FakeJournal::close(const std::string& name) noexcept {
  if (auto* attempt = find(name)) attempt->live = false;
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
