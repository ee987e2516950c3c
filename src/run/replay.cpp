#include "run/replay.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "outbox/host_state.hpp"
#include "outbox/record_json.hpp"
#include "run/publication.hpp"
#include "schedule/sentences.hpp"
#include "util/errors.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

using namespace std::chrono_literals;

// No event tells that a lock of a file has become free. Who replays takes at most
// statement_timeout for each attempt, and has usually one.
constexpr auto max_wait = 10s;
constexpr auto poll_pause = 50ms;

/** Its program is gone, but one of its supervisors may still be stopping a spider. */
bool is_at_work(const Instance& instance, const AttemptRecord& attempt) {
  return same_pid_namespace(attempt.owner, instance.host.self()) &&
         instance.host.exists(attempt.owner);
}

/** For certain: it will neither end its run nor start another spider. */
bool is_gone(const Instance& instance, const AttemptRecord& attempt) {
  const auto now = instance.host.now();
  OwnerSigns signs;
  signs.process_exists = is_at_work(instance, attempt);
  signs.uptime = now.since_boot;
  // The journal has no heartbeats; but what another boot of this host left was before this one.
  if (attempt.began.boot_id != now.boot_id) signs.silence = now.since_boot;
  return owner_status(attempt.owner, instance.host.self(), signs, instance.takeover_after) ==
         OwnerStatus::gone;
}

/** The database that is connected: asked once, and only where there is something to compare. */
class Here {
 public:
  explicit Here(const Instance& instance) : instance_(instance) {}

  /** Whether the attempt belongs in another one. Throws DbError. */
  [[nodiscard]] bool is_other_than_of(const AttemptRecord& attempt) {
    return !attempt.database.id.empty() && attempt.database.is_other_than(database());
  }

  /** Throws DbError. */
  [[nodiscard]] const DatabaseIdentity& database() {
    if (!database_) database_ = instance_.store.database();
    return *database_;
  }

 private:
  const Instance& instance_;
  std::optional<DatabaseIdentity> database_;
};

/** What the journal holds of those who are gone. */
enum class Left { nothing, to_replay, replayed_elsewhere };

Left what_is_left(const Instance& instance) {
  auto left = Left::nothing;
  if (!instance.journal.pending()) return left;
  try {
    Here here(instance);
    for (const auto& attempt : instance.journal.read().attempts) {
      if (here.is_other_than_of(attempt.record)) continue;
      if (!is_gone(instance, attempt.record)) continue;
      left = std::max(left, attempt.live ? Left::replayed_elsewhere : Left::to_replay);
    }
  } catch (const std::system_error&) {
    // Whoever replays tells of it.
  }
  return left;
}

/** Before it is forgotten: else a database that goes away again would have this run repeated. */
void note_replayed(Instance& instance, AttemptRecord record, RunId id,
                   const DatabaseIdentity& database) {
  record.claim.id = id;
  record.database = database;
  auto succeeded = succeeded_in(record);
  const auto host_state = instance.journal.host_state();
  if (host_state.last && host_state.last->claim.uuid == record.claim.uuid) {
    const auto& before = host_state.last->succeeded;
    succeeded.insert(succeeded.end(), before.begin(), before.end());
  }
  note_recorded(instance, record, end_of(record, instance.host.now()), succeeded);
}

/** Throws DbError. */
RunId record_ended(Instance& instance, const AttemptRecord& attempt,
                   const std::vector<JournaledOutcome>& outcomes, const HostTime& now) {
  const auto end = end_of(attempt, now);
  return record(instance.store, {attempt, outcomes, &end, false}, now).id;
}

RunId record_ended(Instance& instance, const AttemptRecord& attempt, const HostTime& now) {
  auto outcomes = outcomes_of(attempt);
  try {
    return record_ended(instance, attempt, outcomes, now);
  } catch (const DbError& error) {
    const auto has_details = [](const auto& each) { return each.outcome.crawl.has_value(); };
    const bool any = std::any_of(outcomes.begin(), outcomes.end(), has_details);
    if (error.kind() != DbError::Kind::data || !any) throw;
  }
  // Rather without its details than not at all: they may be what the database refuses.
  for (auto& each : outcomes) each.outcome.crawl.reset();
  return record_ended(instance, attempt, outcomes, now);
}

void replay(Instance& instance, const PendingAttempt& attempt, const DatabaseIdentity& database) {
  const auto& record = attempt.record;
  const auto now = instance.host.now();
  if (!age(record.began, now)) {
    instance.log.warn(
        "The host's clock went backwards since a run of the journal; its times are "
        "recorded as of this boot");
  }
  const auto id = record_ended(instance, record, now);
  if (!record.end) {
    instance.log.warn("Run {} was {}", id, printable(end_of(record, now).end.failure));
  }
  instance.log.info("Recorded from the journal: run {}, attempt {}, {} spider(s)", id,
                    record.claim.attempt, outcomes_of(record).size());
  note_replayed(instance, record, id, database);
  instance.journal.forget(attempt.name);
}

/** Loud once: they may stay for long, and ticks come every few minutes. */
void log_others(Instance& instance, const std::vector<DatabaseIdentity>& others,
                const DatabaseIdentity& here) {
  const bool is_news = note_of_others(instance, static_cast<int>(others.size()));
  if (others.empty()) return;
  const auto& other = others.front();
  instance.log.at(is_news ? LogLevel::warning : LogLevel::info,
                  "{} attempt(s) in the journal in {} belong to another database ('{}', id {}) "
                  "than the one that is connected ('{}', id {}): they stay until that one is "
                  "connected again; if it is gone for good, remove their files",
                  others.size(), instance.journal.place(), printable(other.name),
                  printable(other.id), printable(here.name), here.id);
}

/** Replays one attempt after the other. */
class Replayer {
 public:
  explicit Replayer(Instance& instance) : instance_(instance), here_(instance) {}

  /** Each whose program is gone, in order; false when the spiders of one are still being stopped.
   */
  bool all() {
    bool is_done = true;
    std::vector<DatabaseIdentity> others;
    instance_.journal.visit_pending([&](const PendingAttempt& attempt) {
      // In order: what comes later may be a retry of this one.
      is_done = !is_at_work(instance_, attempt.record);
      if (!is_done) return false;
      if (here_.is_other_than_of(attempt.record)) {
        others.push_back(attempt.record.database);
      } else {
        one(attempt);
      }
      return true;
    });
    if (is_done) {
      log_others(instance_, others, others.empty() ? DatabaseIdentity{} : here_.database());
    }
    return is_done;
  }

  [[nodiscard]] bool replayed() const noexcept { return replayed_; }

  [[nodiscard]] const std::optional<DbError>& refusal() const noexcept { return refusal_; }

 private:
  /** One that is refused holds back the later ones of its run, and no other. */
  void one(const PendingAttempt& attempt) {
    const auto run = attempt.record.claim.uuid;
    if (waiting_.contains(run)) return;
    try {
      replay(instance_, attempt, here_.database());
      replayed_ = true;
    } catch (const DbError& error) {
      // Whatever else is wrong passes, and meets all of them.
      if (error.kind() != DbError::Kind::data) throw;
      waiting_.insert(run);
      if (!refusal_) refusal_ = error;
    }
  }

  Instance& instance_;
  Here here_;
  std::set<std::string> waiting_;   ///< runs of which an attempt was refused
  std::optional<DbError> refusal_;  ///< the first
  bool replayed_ = false;
};

}  // namespace

ReplayResult replay_pending(Instance& instance) {
  if (!instance.journal.pending()) return {};
  ReplayResult result;
  Replayer replayer(instance);
  try {
    result.is_done = replayer.all();
    for (const auto& fault : instance.journal.take_faults()) {
      instance.log.warn("{}", printable(fault));
    }
  } catch (const std::system_error& error) {
    instance.log.warn("The journal cannot be read or tidied: {}", printable(error.what()));
  }
  result.is_refused = replayer.refusal().has_value();
  if (result.is_refused) note_refused(instance, *replayer.refusal());
  // Else what others read would call data old that was scraped while the database was away.
  if (replayer.replayed()) publish(instance);
  result.is_left = instance.journal.pending();
  if (result.is_done && !result.is_refused) note_taken(instance);
  return result;
}

bool replay_and_await_others(Instance& instance) {
  const auto deadline = std::chrono::steady_clock::now() + max_wait;
  int replayed = 0;
  while (true) {
    const auto result = replay_pending(instance);
    if (!result.is_done) return false;
    if (result.is_refused) return true;
    ++replayed;
    const auto left = what_is_left(instance);
    // Whoever replayed it may just have died, which is worth one more try: not a file, say, that
    // nobody can remove.
    if (left == Left::nothing || (left == Left::to_replay && replayed > 1)) return true;
    if (left == Left::to_replay) continue;
    replayed = 0;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(poll_pause);
  }
}

void replay_attempts_of(Instance& instance, const std::string& run_uuid) {
  try {
    Here here(instance);
    instance.journal.visit_pending([&](const PendingAttempt& attempt) {
      const auto& record = attempt.record;
      const bool is_meant = record.claim.uuid == run_uuid && !is_at_work(instance, record);
      if (is_meant && !here.is_other_than_of(record)) replay(instance, attempt, here.database());
      return true;
    });
  } catch (const std::system_error& error) {
    instance.log.debug("The journal cannot be read or tidied: {}", printable(error.what()));
  }
}

void end_in_journal(Instance& instance, const Run& run) {
  instance.journal.visit_pending([&](const PendingAttempt& attempt) {
    const auto& record = attempt.record;
    const bool is_meant = record.claim.uuid == run.uuid && record.claim.attempt == run.attempt;
    if (is_meant && !record.end) {
      instance.journal.append(attempt.name, end_json(end_of(record, instance.host.now())), true);
    }
    return true;
  });
}

}  // namespace spider_check
