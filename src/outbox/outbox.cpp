#include "outbox/outbox.hpp"

#include <system_error>

#include "outbox/record_json.hpp"
#include "util/text.hpp"

namespace spider_check {

Outbox::Outbox(Outbox&& other) noexcept
    : journal_(other.journal_),
      log_(other.log_),
      attempt_(std::move(other.attempt_)),
      name_(std::exchange(other.name_, {})),
      fault_(std::move(other.fault_)),
      whole_(other.whole_),
      acknowledged_(other.acknowledged_) {}

Outbox::~Outbox() {
  if (has_begun()) journal_->close(name_);
}

void Outbox::begin() {
  name_ = journal_->begin(attempt_);
  whole_ = true;
}

void Outbox::note_fault(const std::string& fault) {
  whole_ = false;
  if (!fault_.empty()) return;
  fault_ = fault;
  log_->warn("{}; the spiders run all the same", printable(fault_));
}

void Outbox::try_to_begin() {
  try {
    begin();
  } catch (const std::system_error& error) {
    note_fault(error.what());
  }
}

template <typename Write>
void Outbox::write(Write&& write) {
  if (!has_begun()) return;
  try {
    write();
    // The journal kept what could not be written before, and has that now, too.
    whole_ = true;
  } catch (const std::system_error& error) {
    note_fault(error.what());
  }
}

void Outbox::append(const std::string& fact, bool sync) {
  write([&] { journal_->append(name_, fact, sync); });
}

void Outbox::recorded(RunId id, const DatabaseIdentity& database) {
  attempt_.claim.id = id;
  if (!database.id.empty()) attempt_.database = database;
  append(recorded_json(id, database), false);
}

void Outbox::count(int spiders, Duration spiders_outlive) {
  attempt_.spider_count = spiders;
  attempt_.spiders_outlive = spiders_outlive;
  append(count_json(spiders, spiders_outlive), false);
}

void Outbox::start(JournaledStart start) {
  append(start_json(start), false);
  attempt_.starts.push_back(std::move(start));
}

void Outbox::add(SpiderOutcome outcome, const HostTime& ended, bool only_copy) {
  attempt_.outcomes.push_back({std::move(outcome), ended});
  append(outcome_json(attempt_.outcomes.back()), only_copy);
}

void Outbox::end(RunEnd end, const HostTime& at) {
  attempt_.end = JournaledEnd{std::move(end), at};
  append(end_json(*attempt_.end), true);
}

void Outbox::sync() {
  write([&] { journal_->sync(name_); });
}

void Outbox::forget() {
  if (!has_begun()) return;
  try {
    journal_->forget(name_);
    name_.clear();
  } catch (const std::system_error& error) {
    // It is replayed by the next tick, which changes nothing.
    log_->warn("{}", printable(error.what()));
  }
}

}  // namespace spider_check
