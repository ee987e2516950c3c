#include "app/carry.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "app/memory.hpp"
#include "app/publish.hpp"
#include "core/errors.hpp"
#include "render/sentences.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

namespace {

using namespace std::chrono_literals;

// Of a file's lock nobody is told when it becomes free within a time. Who carries takes at most
// statement_timeout for each attempt, and has usually one.
constexpr auto longest_wait = 10s;
constexpr auto pause = 50ms;

/** Its program is gone, but one of its wardens may still be stopping a spider. */
bool is_at_work(const Schedule& schedule, const AttemptRecord& attempt) {
  return is_neighbour(attempt.owner, schedule.owners.self()) &&
         schedule.owners.exists(attempt.owner);
}

/** For certain: it will neither end its run nor start another spider. */
bool is_gone(const Schedule& schedule, const AttemptRecord& attempt) {
  const auto now = schedule.owners.now();
  OwnerSigns signs;
  signs.process_exists = is_at_work(schedule, attempt);
  signs.uptime = now.since_boot;
  // The journal has no heartbeats; but what another boot of this host left was before this one.
  if (attempt.began.boot_id != now.boot_id) signs.silence = now.since_boot;
  return judge_owner(attempt.owner, schedule.owners.self(), signs, schedule.takeover_after) ==
         OwnerFate::gone;
}

/** The database that is connected: asked once, and only where there is something to compare. */
class Here {
 public:
  explicit Here(const Schedule& schedule) : schedule_(schedule) {}

  /** Whether the attempt belongs in another one. Throws DbError. */
  [[nodiscard]] bool is_other_than_of(const AttemptRecord& attempt) {
    return !attempt.database.id.empty() && attempt.database.is_other_than(database());
  }

  /** Throws DbError. */
  [[nodiscard]] const DatabaseIdentity& database() {
    if (!database_) database_ = schedule_.store.database();
    return *database_;
  }

 private:
  const Schedule& schedule_;
  std::optional<DatabaseIdentity> database_;
};

/** What the journal holds of those who are gone. */
enum class Left { nothing, to_carry, carried_elsewhere };

Left what_is_left(const Schedule& schedule) {
  auto left = Left::nothing;
  if (schedule.journal == nullptr || !schedule.journal->pending()) return left;
  try {
    Here here(schedule);
    for (const auto& attempt : schedule.journal->read().attempts) {
      if (here.is_other_than_of(attempt.record)) continue;
      if (!is_gone(schedule, attempt.record)) continue;
      left = std::max(left, attempt.live ? Left::carried_elsewhere : Left::to_carry);
    }
  } catch (const std::system_error&) {
    // Whoever carries tells of it.
  }
  return left;
}

/** Before it is forgotten: else a database that goes away again would have this run repeated. */
void note_carried(Schedule& schedule, AttemptRecord record, RunId id,
                  const DatabaseIdentity& database) {
  record.claim.id = id;
  record.database = database;
  auto succeeded = succeeded_in(record);
  const auto known = schedule.journal->known();
  if (known.last && known.last->claim.uuid == record.claim.uuid) {
    const auto& before = known.last->succeeded;
    succeeded.insert(succeeded.end(), before.begin(), before.end());
  }
  note_recorded(schedule, record, end_of(record), succeeded);
}

void carry(Schedule& schedule, HeldAttempt& attempt, const DatabaseIdentity& database) {
  const auto& record = attempt.record();
  const auto now = schedule.owners.now();
  if (!age(record.began, now)) {
    schedule.log.warn(
        "The host's clock went backwards since a run of the journal; its times are "
        "recorded as of this boot");
  }
  RunId id = 0;
  try {
    id = schedule.store.carry(record, now);
  } catch (const DbError& error) {
    // Whatever else is wrong passes, and then it is recorded.
    if (error.kind() != DbError::Kind::data) throw;
    schedule.log.error("An attempt cannot be recorded: {}; it is kept in {}",
                       render::printable(error.what()), attempt.put_aside());
    return;
  }
  if (!record.end) {
    schedule.log.warn("Run {} was {}", id, render::printable(end_of(record).end.failure));
  }
  schedule.log.info("Recorded from the journal: run {}, attempt {}, {} spider(s)", id,
                    record.claim.attempt, outcomes_of(record).size());
  note_carried(schedule, record, id, database);
  attempt.forget();
}

/** Loud once: they may stay for long, and ticks come every few minutes. */
void tell_of_others(Schedule& schedule, const std::vector<DatabaseIdentity>& others,
                    const DatabaseIdentity& here) {
  const bool is_news = note_of_others(schedule, static_cast<int>(others.size()));
  if (others.empty()) return;
  const auto& other = others.front();
  schedule.log.at(is_news ? LogLevel::warning : LogLevel::info,
                  "{} attempt(s) in the journal in {} belong to another database ('{}', id {}) "
                  "than the one that is connected ('{}', id {}): they stay until that one is "
                  "connected again; if it is gone for good, remove their files",
                  others.size(), schedule.journal->place(), render::printable(other.name),
                  render::printable(other.id), render::printable(here.name), here.id);
}

/** False when the spiders of one are still being stopped. */
bool carry_in_order(Schedule& schedule, bool& carried) {
  bool is_done = true;
  Here here(schedule);
  std::vector<DatabaseIdentity> others;
  schedule.journal->visit_pending([&](HeldAttempt& attempt) {
    // In order: what comes later may be a retry of this one.
    is_done = !is_at_work(schedule, attempt.record());
    if (!is_done) return false;
    if (here.is_other_than_of(attempt.record())) {
      others.push_back(attempt.record().database);
      return true;
    }
    carry(schedule, attempt, here.database());
    carried = true;
    return true;
  });
  if (is_done)
    tell_of_others(schedule, others, others.empty() ? DatabaseIdentity{} : here.database());
  return is_done;
}

}  // namespace

bool carry_pending(Schedule& schedule) {
  if (schedule.journal == nullptr || !schedule.journal->pending()) return true;
  bool is_done = true;
  bool carried = false;
  try {
    is_done = carry_in_order(schedule, carried);
    for (const auto& fault : schedule.journal->take_faults()) {
      schedule.log.warn("{}", render::printable(fault));
    }
  } catch (const std::system_error& error) {
    schedule.log.warn("The journal cannot be read or tidied: {}", render::printable(error.what()));
  }
  // Else what others read would call data old that was scraped while the database was away.
  if (carried) publish(schedule);
  return is_done;
}

bool carry_and_await_others(Schedule& schedule) {
  const auto deadline = std::chrono::steady_clock::now() + longest_wait;
  int carried = 0;
  while (carry_pending(schedule)) {
    ++carried;
    const auto left = what_is_left(schedule);
    // Whoever carried it may just have died, which is worth one more try: not a file, say, that
    // nobody can remove.
    if (left == Left::nothing || (left == Left::to_carry && carried > 1)) return true;
    if (left == Left::to_carry) continue;
    carried = 0;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(pause);
  }
  return false;
}

void carry_attempts_of(Schedule& schedule, const std::string& run_uuid) {
  if (schedule.journal == nullptr) return;
  try {
    Here here(schedule);
    schedule.journal->visit_pending([&](HeldAttempt& attempt) {
      const auto& record = attempt.record();
      const bool is_meant = record.claim.uuid == run_uuid && !is_at_work(schedule, record);
      if (is_meant && !here.is_other_than_of(record)) carry(schedule, attempt, here.database());
      return true;
    });
  } catch (const std::system_error& error) {
    schedule.log.debug("The journal cannot be read or tidied: {}", render::printable(error.what()));
  }
}

}  // namespace spider_check::app
