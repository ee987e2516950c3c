#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "os/locks.hpp"
#include "os/own_directory.hpp"
#include "outbox/attempt_file.hpp"
#include "outbox/journal.hpp"

namespace spider_check {

/**
 * The journal of a schedule in a directory of its own: a file for each attempt that is under way or
 * waits to be replayed, one for what is known of the database, and one for each slot's lock. The
 * directory is made when something is written.
 */
class FileJournal final : public Journal {
 public:
  /**
   * In STATE_DIR/journal/SCHEDULE as far as that is this configuration's (OwnDirectory); slots:
   * how many runs may overlap on this host; connection: tells one way to a database from another.
   */
  FileJournal(const std::filesystem::path& state_dir, const std::string& schedule, int slots,
              std::vector<std::filesystem::path> configuration = {},
              const std::string& connection = {});

  [[nodiscard]] bool pending() override;
  [[nodiscard]] JournalContents read() override;
  void visit_pending(const std::function<bool(const PendingAttempt&)>& visit) override;
  [[nodiscard]] std::vector<std::string> take_faults() override;
  [[nodiscard]] std::string begin(const AttemptRecord& record) override;
  void append(const std::string& name, const std::string& fact, bool sync) override;
  void sync(const std::string& name) override;
  void forget(const std::string& name) override;

  void close(const std::string& name) noexcept override { open_.erase(name); }

  [[nodiscard]] std::unique_ptr<SlotLock> try_lock(std::optional<int> slot) override;
  void keep_locks() override;
  [[nodiscard]] HostState host_state() override;
  void change(const std::function<void(HostState&)>& change) override;
  [[nodiscard]] bool is_current(const std::optional<TimePoint>& mark) override;

  [[nodiscard]] std::string place() const override { return directory_.path().string(); }

 private:
  [[nodiscard]] std::filesystem::path file(const std::string& name) const;
  [[nodiscard]] std::vector<std::filesystem::path> attempt_files() const;
  [[nodiscard]] std::filesystem::path lock_file(int slot) const;
  [[nodiscard]] std::string lock_name(int slot) const;
  [[nodiscard]] uid_t owner() const;
  [[nodiscard]] bool is_taken(int slot) const;
  [[nodiscard]] int free_slots() const;
  [[nodiscard]] std::unique_ptr<SlotLock> try_lock_slot(int slot);
  [[nodiscard]] std::optional<PendingAttempt> hold(const std::filesystem::path& path);
  [[nodiscard]] std::string mark_line(const std::optional<TimePoint>& mark, bool more) const;

  std::filesystem::path state_dir_;
  OwnDirectory directory_;
  std::string identity_;  ///< whatever becomes of the directory
  int slots_;
  std::string connection_;
  std::vector<std::weak_ptr<FileLock>> locks_;  ///< those of this process
  std::map<std::string, AttemptFile> open_;     ///< attempts of this process, by name
  std::vector<std::string> faults_;
};

}  // namespace spider_check
