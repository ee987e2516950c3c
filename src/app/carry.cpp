#include "app/carry.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>
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

/** Rather without its details than not at all: they may be what the database refuses. */
RunId carry_without_details(Schedule& schedule, AttemptRecord record, const HostTime& now,
                            const DbError& refusal) {
  const auto has_details = [](const auto& each) { return each.outcome.crawl.has_value(); };
  if (std::none_of(record.outcomes.begin(), record.outcomes.end(), has_details)) throw refusal;
  for (auto& each : record.outcomes) each.outcome.crawl.reset();
  return schedule.store.carry(record, now);
}

RunId carry(Schedule& schedule, const AttemptRecord& record, const HostTime& now) {
  try {
    return schedule.store.carry(record, now);
  } catch (const DbError& error) {
    if (error.kind() != DbError::Kind::data) throw;
    return carry_without_details(schedule, record, now, error);
  }
}

void carry(Schedule& schedule, HeldAttempt& attempt, const DatabaseIdentity& database) {
  const auto& record = attempt.record();
  const auto now = schedule.owners.now();
  if (!age(record.began, now)) {
    schedule.log.warn(
        "The host's clock went backwards since a run of the journal; its times are "
        "recorded as of this boot");
  }
  const auto id = carry(schedule, record, now);
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

/** Carries one attempt after the other. */
class Carrier {
 public:
  explicit Carrier(Schedule& schedule) : schedule_(schedule), here_(schedule) {}

  /** Each whose program is gone, in order; false when the spiders of one are still being stopped.
   */
  bool all() {
    bool is_done = true;
    std::vector<DatabaseIdentity> others;
    schedule_.journal->visit_pending([&](HeldAttempt& attempt) {
      // In order: what comes later may be a retry of this one.
      is_done = !is_at_work(schedule_, attempt.record());
      if (!is_done) return false;
      if (here_.is_other_than_of(attempt.record())) {
        others.push_back(attempt.record().database);
      } else {
        one(attempt);
      }
      return true;
    });
    if (is_done) {
      tell_of_others(schedule_, others, others.empty() ? DatabaseIdentity{} : here_.database());
    }
    return is_done;
  }

  [[nodiscard]] bool carried() const noexcept { return carried_; }

  [[nodiscard]] const std::optional<DbError>& refusal() const noexcept { return refusal_; }

 private:
  /** One that is refused holds back the later ones of its run, and no other. */
  void one(HeldAttempt& attempt) {
    const auto run = attempt.record().claim.uuid;
    if (waiting_.contains(run)) return;
    try {
      carry(schedule_, attempt, here_.database());
      carried_ = true;
    } catch (const DbError& error) {
      // Whatever else is wrong passes, and meets all of them.
      if (error.kind() != DbError::Kind::data) throw;
      waiting_.insert(run);
      if (!refusal_) refusal_ = error;
    }
  }

  Schedule& schedule_;
  Here here_;
  std::set<std::string> waiting_;   ///< runs of which an attempt was refused
  std::optional<DbError> refusal_;  ///< the first
  bool carried_ = false;
};

}  // namespace

Carried carry_pending(Schedule& schedule) {
  if (schedule.journal == nullptr || !schedule.journal->pending()) return {};
  Carried result;
  Carrier carrier(schedule);
  try {
    result.is_done = carrier.all();
    for (const auto& fault : schedule.journal->take_faults()) {
      schedule.log.warn("{}", render::printable(fault));
    }
  } catch (const std::system_error& error) {
    schedule.log.warn("The journal cannot be read or tidied: {}", render::printable(error.what()));
  }
  result.is_refused = carrier.refusal().has_value();
  if (result.is_refused) note_refused(schedule, *carrier.refusal());
  // Else what others read would call data old that was scraped while the database was away.
  if (carrier.carried()) publish(schedule);
  result.is_left = schedule.journal->pending();
  if (result.is_done && !result.is_refused) note_taken(schedule);
  return result;
}

bool carry_and_await_others(Schedule& schedule) {
  const auto deadline = std::chrono::steady_clock::now() + longest_wait;
  int carried = 0;
  while (true) {
    const auto result = carry_pending(schedule);
    if (!result.is_done) return false;
    if (result.is_refused) return true;
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

void end_in_journal(Schedule& schedule, const Run& run) {
  if (schedule.journal == nullptr) return;
  schedule.journal->visit_pending([&](HeldAttempt& attempt) {
    const auto& record = attempt.record();
    const bool is_meant = record.claim.uuid == run.uuid && record.claim.attempt == run.attempt;
    if (is_meant && !record.end) attempt.end(end_of(record));
    return true;
  });
}

}  // namespace spider_check::app
