#pragma once

#include <memory>
#include <string>

#include "app/log.hpp"
#include "core/journal.hpp"

namespace spider_check::app {

/**
 * An attempt's part of the journal, written as far as that can be: a journal that cannot be written
 * is one warning, and no reason not to run. Nothing throws.
 */
class BestEffortJournal {
 public:
  /** journal: null when there is none. The log outlives this. */
  BestEffortJournal(std::unique_ptr<AttemptJournal> journal, Log& log)
      : journal_(std::move(journal)), log_(log), whole_(journal_ != nullptr) {}

  void recorded(RunId id, const DatabaseIdentity& database);
  void count(int spiders, Duration spiders_outlive);
  void start(const JournaledStart& start);
  void outcome(const JournaledOutcome& outcome, bool only_copy);
  void end(const JournaledEnd& end);
  void sync();
  void forget();

  /** Everything that was to be written is there, as of the last write. */
  [[nodiscard]] bool is_whole() const noexcept { return whole_; }

  /** What was wrong first; empty when nothing was, or when there is no journal. */
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

 private:
  template <typename Write>
  void write(Write&& write);

  std::unique_ptr<AttemptJournal> journal_;
  Log& log_;
  bool whole_;
  std::string fault_;
};

}  // namespace spider_check::app
