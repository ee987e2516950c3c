#include "run/claim.hpp"

#include <algorithm>
#include <system_error>

#include "logs/log_directory.hpp"
#include "logs/log_name.hpp"
#include "outbox/host_state.hpp"
#include "schedule/delay.hpp"
#include "schedule/run.hpp"
#include "schedule/sentences.hpp"
#include "util/errors.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

JournalContents read_journal(const Instance& instance) {
  try {
    return instance.journal.read();
  } catch (const std::system_error&) {
    return {};  // the error shows when the journal is written
  }
}

/** A name for the logs of a run that has no id. */
LogName unnumbered(const JournalContents& contents, int attempt) {
  LogName name{0, attempt, 1};
  if (const auto& last = contents.host_state.last) name.run = last->claim.id;
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
void name_after_all_logs(const Instance& instance, LogName& log) {
  try {
    const auto names = instance.logs.names();
    if (names.empty() || run_of(*names.rbegin()) < run_of(log)) return;
    const auto& newest = *names.rbegin();
    log = {newest.run, log.attempt, newest.after + 1, newest.series};
  } catch (const std::system_error&) {
    // The error shows when a log is written there.
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
  if (const auto& last = contents.host_state.last; last && last->claim.uuid == uuid) {
    add(last->succeeded);
  }
  for (const auto& pending : contents.attempts) {
    if (pending.record.claim.uuid == uuid) add(succeeded_in(pending.record));
  }
  return names;
}

void prepare_retry(ClaimedAttempt& claimed, const Run& run, const State& state,
                   const JournalContents& contents) {
  auto& record = claimed.outbox.attempt();
  record.claim = {run.id, run.attempt + 1, run.started, record.claim.token, run.uuid};
  record.run.partial = run.partial;
  record.spider_count = run.spider_count;
  record.run_started = earlier(record.began, state.now - run.started);
  record.log = name_of(contents, run, record.claim.attempt);
  claimed.succeeded = succeeded_before(contents, run.uuid);
  if (cause_of(run.failure) != DelayCause::failing) {
    claimed.earlier = of_attempt(run.attempt) + run.failure;
  }
}

void prepare_start(ClaimedAttempt& claimed, const StartRun& start, const Request& request,
                   const JournalContents& contents) {
  auto& record = claimed.outbox.attempt();
  auto& run = record.run;
  run.trigger = request.force ? Trigger::force : Trigger::tick;
  run.partial = !request.spiders.empty();
  if (start.lateness) {
    run.late = start.lateness->late;
    run.delays = delays(*run.late, record.began, contents.host_state.noted,
                        noted_delays(contents.host_state));
    run.missed_intervals = start.lateness->missed_intervals;
  }
  record.run_started = record.began;
  record.log = unnumbered(contents, 1);
}

/** Which database it is; where that cannot be asked, the one that this host knows of. */
void name_database(Instance& instance, AttemptRecord& record) {
  try {
    record.database = instance.store.database();
  } catch (const DbError&) {
    // What is wrong shows when the claim is recorded.
  }
}

/** The run starts, or its next attempt does, when the database records it. */
void claim_in_database(Instance& instance, ClaimedAttempt& claimed) {
  auto& attempt = claimed.outbox.attempt();
  const auto recorded = record(instance.store, {attempt}, attempt.began);
  attempt.claim.id = recorded.id;
  attempt.claim.started = recorded.started;
  attempt.log = {recorded.id, attempt.claim.attempt};
  claimed.in_database = true;
}

}  // namespace

ClaimedAttempt prepare(const Instance& instance, const Decision& decision, const State& state,
                       const Request& request, int slot) {
  ClaimedAttempt claimed{std::make_unique<StopSignals>(), {instance.journal, instance.log}};
  const auto contents = read_journal(instance);
  auto& record = claimed.outbox.attempt();
  record.database = contents.host_state.database;
  record.owner = instance.host.self();
  record.slot = slot;
  record.began = instance.host.now();
  record.claim.uuid = instance.host.new_uuid();
  record.claim.token = instance.host.new_uuid();
  if (const auto* retry = std::get_if<RetryRun>(&decision.action)) {
    prepare_retry(claimed, retry->run, state, contents);
  } else {
    prepare_start(claimed, std::get<StartRun>(decision.action), request, contents);
  }
  return claimed;
}

void record(Instance& instance, ClaimedAttempt& claimed, const std::optional<DbError>& refusal) {
  auto& outbox = claimed.outbox;
  name_database(instance, outbox.attempt());
  // With the database there the run need not wait for a journal.
  outbox.try_to_begin();
  try {
    if (refusal) throw DbError(*refusal);
    claim_in_database(instance, claimed);
  } catch (const LostRun&) {
    outbox.forget();
    throw;
  } catch (const DbError& error) {
    // Whether the row is there or not is settled when the database is back: it is found by its
    // uuid and token.
    if (!outbox.has_begun() || !can_run_offline(instance, error)) {
      outbox.forget();
      throw;
    }
    claimed.refused = error.kind() == DbError::Kind::data;
    claimed.lost_midway = !claimed.refused;
    if (claimed.refused) {
      auto& record = outbox.attempt();
      if (record.claim.attempt == 1) name_after_all_logs(instance, record.log);
      if (!refusal) note_refused(instance, error);
      return;
    }
    instance.log.warn("The database went away: {}; the spiders run all the same",
                      printable(error.what()));
  }
}

void record_without_database(Instance& instance, ClaimedAttempt& claimed) {
  auto& record = claimed.outbox.attempt();
  if (record.claim.attempt == 1) name_after_all_logs(instance, record.log);
  claimed.outbox.begin();
}

bool can_run_offline(const Instance& instance, const DbError& error) {
  return instance.on_database_error == OnDatabaseError::run &&
         error.kind() != DbError::Kind::refused;
}

}  // namespace spider_check
