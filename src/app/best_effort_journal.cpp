#include "app/best_effort_journal.hpp"

#include <system_error>

#include "render/zone.hpp"

namespace spider_check::app {

template <typename Write>
void BestEffortJournal::write(Write&& write) {
  if (!journal_) return;
  try {
    write(*journal_);
    // It kept what could not be written before, and has that now, too.
    whole_ = true;
  } catch (const std::system_error& error) {
    whole_ = false;
    if (!fault_.empty()) return;
    fault_ = error.what();
    log_.warn("{}; the spiders run all the same", render::printable(fault_));
  }
}

void BestEffortJournal::recorded(RunId id, const DatabaseIdentity& database) {
  write([&](AttemptJournal& journal) { journal.recorded(id, database); });
}

void BestEffortJournal::count(int spiders, Duration spiders_outlive) {
  write([&](AttemptJournal& journal) { journal.count(spiders, spiders_outlive); });
}

void BestEffortJournal::start(const JournaledStart& start) {
  write([&](AttemptJournal& journal) { journal.start(start); });
}

void BestEffortJournal::outcome(const JournaledOutcome& outcome, bool only_copy) {
  write([&](AttemptJournal& journal) { journal.outcome(outcome, only_copy); });
}

void BestEffortJournal::end(const JournaledEnd& end) {
  write([&](AttemptJournal& journal) { journal.end(end); });
}

void BestEffortJournal::sync() {
  write([](AttemptJournal& journal) { journal.sync(); });
}

void BestEffortJournal::forget() {
  write([](AttemptJournal& journal) { journal.forget(); });
}

}  // namespace spider_check::app
