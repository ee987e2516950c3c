#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/journal.hpp"

namespace spider_check::journal {

/**
 * The journal of a schedule in a folder of its own: a file for each attempt that is under way or
 * waits to be carried, one for what is known of the database, and one for each slot's lock. The
 * folder is made when something is written.
 */
class FileJournal final : public Journal {
 public:
  /** In STATE_DIR/journal/SCHEDULE; slots: how many runs may overlap on this host. */
  FileJournal(const std::filesystem::path& state_dir, const std::string& schedule, int slots);

  [[nodiscard]] bool pending() override;
  [[nodiscard]] JournalContents read() override;
  [[nodiscard]] std::vector<std::unique_ptr<HeldAttempt>> hold_pending() override;
  [[nodiscard]] std::vector<std::string> take_faults() override;
  [[nodiscard]] std::unique_ptr<AttemptJournal> begin(const AttemptRecord& record) override;
  [[nodiscard]] std::unique_ptr<SlotLock> try_lock(std::optional<int> slot) override;
  [[nodiscard]] Known known() override;
  void remember(const Known& known) override;
  [[nodiscard]] bool knows(TimePoint mark) override;

  [[nodiscard]] std::string place() const override { return folder_.string(); }

 private:
  [[nodiscard]] std::vector<std::filesystem::path> attempt_files() const;
  [[nodiscard]] std::filesystem::path lock_file(int slot) const;
  [[nodiscard]] int free_slots() const;
  [[nodiscard]] std::unique_ptr<HeldAttempt> hold(const std::filesystem::path& path);

  std::filesystem::path folder_;
  int slots_;
  std::vector<std::string> faults_;
};

}  // namespace spider_check::journal
