#include "app/claimed.hpp"

#include <algorithm>
#include <system_error>

#include "app/memory.hpp"
#include "core/errors.hpp"
#include "core/file_name.hpp"
#include "render/sentences.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

namespace {

JournalContents read_journal(const Schedule& schedule) {
  try {
    if (schedule.journal != nullptr) return schedule.journal->read();
  } catch (const std::system_error&) {
    // Whatever is wrong with it is told when it is written.
  }
  return {};
}

/** A name for the logs of a run that has no id. */
LogName unnumbered(const JournalContents& contents, int attempt) {
  LogName name{0, attempt, 1};
  if (const auto& last = contents.known.last) name.run = last->claim.id;
  for (const auto& pending : contents.attempts)
    name.run = std::max(name.run, pending.record.log.run);
  for (const auto& pending : contents.attempts) {
    const auto& log = pending.record.log;
    if (log.run == name.run) name.after = std::max(name.after, log.after + 1);
  }
  return name;
}

/**
 * Later than every log that there is: a run of some spiders only, which the journal does not
 * remember once it is recorded, has left logs, too.
 */
void name_after_all_logs(const Schedule& schedule, LogName& log) {
  if (schedule.logs == nullptr) return;
  try {
    const auto names = schedule.logs->names();
    if (names.empty() || run_of(*names.rbegin()) < run_of(log)) return;
    const auto& newest = *names.rbegin();
    log = {newest.run, log.attempt, newest.after + 1, newest.series};
  } catch (const std::system_error&) {
    // Whatever is wrong with the directory is told when a log is written there.
  }
}

/** As its earlier attempts are named. */
LogName name_of(const JournalContents& contents, const Run& run, int attempt) {
  if (run.id != 0) return {run.id, attempt};
  for (const auto& pending : contents.attempts) {
    const auto& record = pending.record;
    if (record.claim.uuid == run.uuid) return {record.log.run, attempt, record.log.after};
  }
  return unnumbered(contents, attempt);
}

std::vector<std::string> succeeded_before(const JournalContents& contents,
                                          const std::string& uuid) {
  std::vector<std::string> names;
  const auto add = [&](const std::vector<std::string>& more) {
    names.insert(names.end(), more.begin(), more.end());
  };
  if (const auto& last = contents.known.last; last && last->claim.uuid == uuid) {
    add(last->succeeded);
  }
  for (const auto& pending : contents.attempts) {
    if (pending.record.claim.uuid == uuid) add(succeeded_in(pending.record));
  }
  return names;
}

void prepare_retry(Claimed& claimed, const Run& run, const State& state,
                   const JournalContents& contents) {
  auto& record = claimed.record;
  record.claim = {run.id, run.attempt + 1, run.started, record.claim.token, run.uuid};
  record.run.uuid = run.uuid;
  record.run.partial = run.partial;
  record.spider_count = run.spider_count;
  record.run_started = earlier(record.began, state.now - run.started);
  record.log = name_of(contents, run, record.claim.attempt);
  claimed.succeeded = succeeded_before(contents, run.uuid);
}

void prepare_start(Claimed& claimed, const StartRun& start, const Request& request,
                   const JournalContents& contents) {
  auto& run = claimed.record.run;
  run.trigger = request.force ? Trigger::force : Trigger::tick;
  run.partial = !request.spiders.empty();
  if (start.lateness) {
    run.late = start.lateness->late;
    run.hindrances = hindrances(*run.late, claimed.record.began, contents.known.noted,
                                noted_hindrances(contents.known));
    run.missed_intervals = start.lateness->missed_intervals;
  }
  claimed.record.run_started = claimed.record.began;
  claimed.record.log = unnumbered(contents, 1);
}

void begin_journal(Schedule& schedule, Claimed& claimed) {
  if (schedule.journal == nullptr) return;
  claimed.journal = schedule.journal->begin(claimed.record);
}

/** With the database there the run need not wait for a journal. */
void try_to_begin_journal(Schedule& schedule, Claimed& claimed) {
  try {
    begin_journal(schedule, claimed);
  } catch (const std::system_error& error) {
    claimed.journal_fault = error.what();
    schedule.log.warn("{}; the spiders run all the same", render::printable(error.what()));
  }
}

/** Which database it is; where that cannot be asked, the one that this host knows of. */
void name_database(Schedule& schedule, AttemptRecord& record) {
  try {
    record.database = schedule.store.database();
  } catch (const DbError&) {
    // What is wrong shows when the claim is recorded.
  }
}

void claim_in_database(Schedule& schedule, Claimed& claimed, const Decision& decision,
                       const SlotLock& lock) {
  auto& record = claimed.record;
  if (const auto* retry = std::get_if<RetryRun>(&decision.action)) {
    record.claim = schedule.store.retry(retry->run, lock, record.claim.token);
  } else {
    record.claim = schedule.store.start(record.run, lock);
  }
  record.log = {record.claim.id, record.claim.attempt};
  claimed.in_database = true;
}

/** Nothing came of it. One that stays is recorded as a run that was interrupted. */
void forget(Claimed& claimed) {
  try {
    if (claimed.journal) claimed.journal->forget();
  } catch (const std::system_error&) {
    // What brought us here matters more.
  }
}

}  // namespace

Claimed prepare(const Schedule& schedule, const Decision& decision, const State& state,
                const Request& request, int slot) {
  Claimed claimed;
  claimed.stops = schedule.runner.hold_stops();
  const auto contents = read_journal(schedule);
  auto& record = claimed.record;
  record.database = contents.known.database;
  record.owner = schedule.owners.self();
  record.slot = slot;
  record.began = schedule.owners.now();
  record.run.uuid = record.claim.uuid = schedule.owners.new_uuid();
  record.run.token = record.claim.token = schedule.owners.new_uuid();
  if (const auto* retry = std::get_if<RetryRun>(&decision.action)) {
    prepare_retry(claimed, retry->run, state, contents);
  } else {
    prepare_start(claimed, std::get<StartRun>(decision.action), request, contents);
  }
  return claimed;
}

void record(Schedule& schedule, Claimed& claimed, const Decision& decision, const SlotLock& lock,
            const std::optional<DbError>& refusal) {
  name_database(schedule, claimed.record);
  try_to_begin_journal(schedule, claimed);
  try {
    if (refusal) throw DbError(*refusal);
    claim_in_database(schedule, claimed, decision, lock);
  } catch (const LostRun&) {
    forget(claimed);
    throw;
  } catch (const DbError& error) {
    // Whether the row is there or not is settled when the database is back: it is found by its
    // uuid and token.
    if (!claimed.journal || !may_do_without(schedule, error)) {
      forget(claimed);
      throw;
    }
    claimed.refused = error.kind() == DbError::Kind::data;
    claimed.lost_midway = !claimed.refused;
    if (claimed.refused) {
      if (claimed.record.claim.attempt == 1) name_after_all_logs(schedule, claimed.record.log);
      if (!refusal) note_refused(schedule, error);
      return;
    }
    schedule.log.warn("The database went away: {}; the spiders run all the same",
                      render::printable(error.what()));
  }
}

void record_without_database(Schedule& schedule, Claimed& claimed) {
  if (claimed.record.claim.attempt == 1) name_after_all_logs(schedule, claimed.record.log);
  begin_journal(schedule, claimed);
}

bool may_do_without(const Schedule& schedule, const DbError& error) {
  return schedule.journal != nullptr && schedule.on_database_error == OnDatabaseError::run &&
         error.kind() != DbError::Kind::refused;
}

}  // namespace spider_check::app
