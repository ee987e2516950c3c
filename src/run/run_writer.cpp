#include "run/run_writer.hpp"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "outbox/host_state.hpp"
#include "run/replay.hpp"
#include "util/errors.hpp"
#include "util/zone.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

// The heartbeat of a run: others take over what has been silent for minutes.
constexpr auto beat_interval = 30s;

// Between two tries to reach a database that is away.
constexpr Duration first_pause = 250ms;
// Once it is there again no other host may start before this one has its run back. But a try that
// takes long keeps the spiders waiting for what their ends need: it is made more rarely.
constexpr Duration max_pause = 2s;
constexpr Duration slow_try = 1s;
constexpr Duration slow_pause = 10s;

// What a heartbeat under way and the end of a killed spider take, generously.
constexpr Duration margin = 15s;

// The same for what the database refuses: a person must change something first.
constexpr Duration max_refusal = 5min;
// At the end of a run: as it is, once more, and without its details.
constexpr int max_refusals = 3;

// More in one statement saves nothing.
constexpr std::size_t max_at_once = 200;

// How long a start may be in memory only: a power cut then loses sight of it, a kill does not.
constexpr auto sync_interval = 1s;

// A sleep of less than this breaks no connection.
constexpr Duration nap = 1s;

}  // namespace

Duration spiders_outlive(const std::vector<SpiderJob>& jobs) {
  Duration longest{0};
  for (const auto& job : jobs) longest = std::max(longest, max_stop(job.limits));
  return jobs.empty() ? Duration{0} : beat_interval + longest + margin;
}

RunWriter::RunWriter(Instance& instance, Outbox& outbox, SlotLock& lock, bool in_database)
    : instance_(instance),
      outbox_(outbox),
      record_(outbox.attempt()),
      lock_(lock),
      connected_(in_database),
      recorded_(in_database),
      attempt_sent_(in_database),
      asleep_(instance.host.now().asleep),
      next_beat_(Clock::now() + beat_interval),
      next_sync_(Clock::now() + beat_interval),
      pause_(first_pause) {
  if (!connected_) next_try_ = Clock::now() + slow_pause;
}

void RunWriter::try_now() {
  next_try_ = Clock::now();
  (void)drain();
}

void RunWriter::claim_refused() {
  connected_ = true;
  next_try_ = Clock::now() + beat_interval;
}

void RunWriter::count(int spiders, Duration spiders_outlive) {
  outbox_.count(spiders, spiders_outlive);
  attempt_sent_ = false;
  (void)drain();
}

void RunWriter::failed(const DbError& error) {
  on_error(error);
  (void)drain();
}

void RunWriter::starting(const SpiderJob& job) {
  outbox_.start({job.name, job.log, instance_.host.now()});
  next_sync_ = std::min(next_sync_, Clock::now() + sync_interval);
}

void RunWriter::add(SpiderOutcome outcome) {
  outbox_.add(std::move(outcome), instance_.host.now(), !connected_ || has_unwritten());
  attend();
}

bool RunWriter::has_unwritten() const noexcept {
  return !attempt_sent_ || outbox_.waiting() > 0 || !end_sent_;
}

RunWriter::Clock::time_point RunWriter::next_step() const {
  if (!connected_ || !attempt_sent_) return next_try_;
  return has_unwritten() ? std::min(next_beat_, next_try_) : next_beat_;
}

PollRequest RunWriter::poll_request() const {
  if (lost_) return {};
  PollRequest poll_request;
  // Also the idle connection is watched: what is lost there another host may take.
  if (connected_ || writing_) poll_request = instance_.store.poll_request();
  if (!writing_) {
    const auto next = next_step();
    poll_request.until = poll_request.until ? std::min(*poll_request.until, next) : next;
  }
  poll_request.until = poll_request.until ? std::min(*poll_request.until, next_sync_) : next_sync_;
  return poll_request;
}

void RunWriter::attend() {
  sync_journal();
  look_for_sleep();
  while (!lost_ && step()) {
  }
}

/** The file may have been removed, too. */
void RunWriter::sync_journal() {
  if (Clock::now() < next_sync_) return;
  next_sync_ = Clock::now() + beat_interval;
  outbox_.sync();
  try {
    instance_.journal.keep_locks();
  } catch (const std::system_error& error) {
    instance_.log.debug("{}", printable(error.what()));
  }
}

/** What a server does while the host sleeps is not seen; it may have given the run to another. */
void RunWriter::look_for_sleep() {
  const auto asleep = instance_.host.now().asleep;
  if (asleep - asleep_ < nap) return;
  asleep_ = asleep;
  next_beat_ = next_try_ = Clock::now();
  instance_.log.debug("The host slept; the connection is checked");
}

/** False when there is nothing to do but to wait. */
bool RunWriter::step() {
  try {
    if (writing_) {
      const auto run = instance_.store.written();
      if (run) sent(*run);
      return run.has_value();
    }
    if (connected_) instance_.store.watch();
    if (!is_due(Clock::now())) return false;
    if (!connected_) return reconnect();
    // A retry cannot be recorded before the attempts that it follows.
    if (!recorded_) replay_attempts_of(instance_, record_.claim.uuid);
    send();
    return true;
  } catch (const LostRun& error) {
    on_lost(error);
  } catch (const DbError& error) {
    on_error(error);
  }
  return !lost_;
}

bool RunWriter::is_due(Clock::time_point now) const {
  if (!connected_ || !attempt_sent_) return now >= next_try_;
  return now >= next_beat_ || (has_unwritten() && now >= next_try_);
}

/** How many are to be written now; while none is, heartbeats go without them. */
std::size_t RunWriter::due_outcomes() {
  if (outbox_.waiting() == 0) return 0;
  // What was refused once goes alone, so that it holds back nothing else.
  if (outbox_.waiting_at(0).refused > 0) return 1;
  return std::min(max_at_once, outbox_.waiting());
}

/** The attempt, which is a heartbeat, and once the database has it what waits behind it. */
void RunWriter::send() {
  AttemptFacts facts{record_};
  if (attempt_sent_ && Clock::now() >= next_try_) {
    sending_ = due_outcomes();
    if (sending_ > 0) facts.outcomes = {&outbox_.waiting_at(0), sending_};
    sending_end_ = !end_sent_ && sending_ == 0;
    if (sending_end_) facts.end = &*record_.end;
  }
  writing_ = true;
  instance_.store.send(facts, instance_.host.now());
}

void RunWriter::sent(const RecordedRun& run) {
  writing_ = false;
  attempt_sent_ = true;
  next_beat_ = Clock::now() + beat_interval;
  const auto outcomes = std::exchange(sending_, 0);
  outbox_.acknowledge(outcomes);
  if (std::exchange(sending_end_, false)) end_sent_ = true;
  if (!connected_) {
    connected_ = true;
    pause_ = first_pause;
    if (record_.claim.id != run.id) outbox_.recorded(run.id, record_.database);
    instance_.log.info("{}: run {} is still ours",
                       recorded_ ? "Connected again" : "The database is back", run.id);
  } else if (run.is_new || !recorded_) {
    on_new_row(run.id);
  } else if (outcomes > 0) {
    refusals_ = 0;
    pause_ = first_pause;
  }
  recorded_ = true;
}

/** It was refused until now, or its row was removed: no other host has the run. */
void RunWriter::on_new_row(RunId id) {
  if (recorded_) {
    instance_.log.warn(
        "The row of run {} is gone; it is recorded anew as run {}, and the spiders go on",
        record_.claim.id, id);
    // Where it vanishes each time it is not written without a pause.
    next_try_ = Clock::now() + (pause_ == first_pause ? Duration{0} : pause_);
    pause_ = std::min(2 * pause_, max_pause);
  } else {
    instance_.log.info("Recorded now, as run {}", id);
  }
  outbox_.recorded(id, record_.database);
  outbox_.send_again();
  end_sent_ = !record_.end.has_value();
}

void RunWriter::on_lost(const LostRun& error) {
  writing_ = false;
  lost_ = true;
  instance_.log.error("{}; its spiders are stopped here", error.what());
}

void RunWriter::on_error(const DbError& error) {
  // What was sent on a new connection has the lock.
  const bool reached = std::exchange(writing_, false) || connected_;
  if (error.kind() != DbError::Kind::connection && reached) {
    connected_ = true;
    return refuse(error);
  }
  sending_ = 0;
  sending_end_ = false;
  if (!connected_) {
    // Still away: the next try comes later each time.
    instance_.log.debug("The database is still away: {}", error.what());
    next_try_ = Clock::now() + pause_;
    const auto longest = Clock::now() - tried_ < slow_try ? max_pause : slow_pause;
    pause_ = std::min(2 * pause_, longest);
    return;
  }
  connected_ = attempt_sent_ = false;
  instance_.log.warn("The database went away: {}; the spiders go on", error.what());
  // Most often it is back at once: a restart, or an administrator who ended the session.
  next_try_ = Clock::now();
}

/** The connection is there, but the statement failed: it took too long, or it cannot be stored. */
void RunWriter::refuse(const DbError& error) {
  // Also a table or a column that is not there any more: it does not come back by itself.
  const bool lasts =
      error.kind() == DbError::Kind::data || error.kind() == DbError::Kind::not_migrated;
  if (lasts) {
    ++refusals_;
    if (std::exchange(said_, error.cause()) != error.cause()) note_refused(instance_, error);
  } else {
    instance_.log.warn("The database did not take {}: {}",
                       sending_ == 0 ? std::string("what was written")
                                     : "the outcome of " + std::to_string(sending_) + " spider(s)",
                       error.what());
  }
  for (std::size_t i = 0; i < sending_; ++i) {
    auto& [outcome, ended, refused] = outbox_.waiting_at(i);
    // Rather without its details than not at all.
    if (++refused == 2) outcome.crawl.reset();
  }
  // A heartbeat that was refused says nothing of outcomes.
  if (!attempt_sent_ || sending_ > 0 || sending_end_) {
    next_try_ = Clock::now() + pause_;
    pause_ = std::min(2 * pause_, lasts ? max_refusal : max_pause);
  }
  sending_ = 0;
  sending_end_ = false;
  next_beat_ = Clock::now() + beat_interval;
}

bool RunWriter::reconnect() {
  tried_ = Clock::now();
  // Of the run's earlier attempts the database may know less than this one goes on from: one that
  // was killed still stands there as running.
  instance_.store.drop_connection();
  require_same_database();
  if (!recorded_) replay_attempts_of(instance_, record_.claim.uuid);
  instance_.store.take_again(lock_);
  // The server need not be the one of before, nor have the newest of what was written: it gets
  // everything, and what it has already stays as it is.
  outbox_.send_again();
  end_sent_ = !record_.end.has_value();
  send();
  return true;
}

/** What answers may have the same name, and be another one. */
void RunWriter::require_same_database() {
  auto here = instance_.store.database();
  if (record_.database.is_other_than(here)) {
    const auto what = "another database answers ('" + printable(here.name) + "', id " + here.id +
                      "); this run belongs to '" + printable(record_.database.name) + "', id " +
                      record_.database.id;
    if (!std::exchange(said_other_, true)) instance_.log.warn("The database is away: {}", what);
    throw DbError(DbError::Kind::connection, what);
  }
  record_.database = std::move(here);
}

void RunWriter::wait_written() {
  try {
    sent(instance_.store.wait_written());
  } catch (const LostRun& error) {
    on_lost(error);
  } catch (const DbError& error) {
    on_error(error);
  }
}

/** True when everything is written; false when that has to wait. */
bool RunWriter::drain() {
  while (!lost_ && has_unwritten()) {
    if (writing_) {
      wait_written();
    } else if (!step()) {
      return false;
    }
  }
  return !lost_;
}

bool RunWriter::drain_until(Clock::time_point deadline) {
  while (!drain()) {
    if (lost_ || refusals_ >= max_refusals) return false;
    const auto next = std::min(next_try_, Clock::now() + max_pause);
    if (next > deadline) return false;
    // No event tells that a server is back: it can only be asked again.
    std::this_thread::sleep_until(next);
  }
  return true;
}

Written RunWriter::finish(const RunEnd& end, Duration patience) {
  // First where nothing can take it away again.
  outbox_.end(end, instance_.host.now());
  end_sent_ = false;
  // A last try: the database may have come up meanwhile, or take what it refused.
  if (!recorded_) patience = Duration{0};
  if (!recorded_ || connected_) next_try_ = Clock::now();
  refusals_ = 0;
  pause_ = first_pause;
  if (drain_until(Clock::now() + patience)) return Written::database;
  // It may have been removed meanwhile, or there is room for it now.
  outbox_.sync();
  if (outbox_.is_whole()) return left_in_journal();
  if (!lost_) {
    instance_.log.error(
        "The database {}: the end of run {} could not be recorded, nor kept in the journal{}",
        refusals_ > 0 ? "refuses it" : "stayed away", record_.claim.id,
        outbox_.fault().empty() ? "" : ": " + printable(outbox_.fault()));
  }
  return Written::nowhere;
}

Written RunWriter::left_in_journal() const {
  if (lost_) return Written::journal;
  // What the database refuses was said, once.
  instance_.log.at(refusals_ > 0 ? LogLevel::info : LogLevel::warning,
                   "The database {}: the end of this run is kept in the journal in {}, "
                   "and the next tick records it{}",
                   refusals_ > 0 ? "refuses it" : "is away", instance_.journal.place(),
                   refusals_ > 0 ? " if the database takes it then" : "");
  return Written::journal;
}

}  // namespace spider_check
