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
// Once it is there again nobody else may start before this host has its run back. But a try that
// takes long keeps the spiders waiting for what their ends need: it is made more rarely.
constexpr Duration max_pause = 2s;
constexpr Duration slow_try = 1s;
constexpr Duration slow_pause = 10s;

// What a heartbeat under way and the end of a killed spider take, generously.
constexpr Duration margin = 15s;

// The same for what the database refuses: somebody must change something first.
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
      was_connected_(in_database),
      asleep_(instance.host.now().asleep),
      next_beat_(Clock::now() + beat_interval),
      next_sync_(Clock::now() + beat_interval),
      pause_(first_pause) {
  if (!connected_) next_try_ = Clock::now() + slow_pause;
}

void RunWriter::try_now() {
  next_try_ = Clock::now();
  attend();
}

void RunWriter::claim_refused() {
  refused_ = true;
  next_try_ = Clock::now() + beat_interval;
}

void RunWriter::count(int spiders, Duration spiders_outlive) {
  outbox_.count(spiders, spiders_outlive);
  counted_ = false;
  if (!connected_) return;
  try {
    count_again();
  } catch (const MissingRun& error) {
    on_missing(error);
    attend();
  } catch (const LostRun& error) {
    on_lost(error);
  } catch (const DbError& error) {
    failed(error);
  }
}

void RunWriter::count_again() {
  instance_.store.set_spider_count(record_.claim, record_.spider_count, record_.spiders_outlive);
  counted_ = true;
}

void RunWriter::failed(const DbError& error) {
  on_error(error);
  attend();
}

void RunWriter::starting(const SpiderJob& job) {
  outbox_.start({job.name, job.log, instance_.host.now()});
  next_sync_ = std::min(next_sync_, Clock::now() + sync_interval);
}

void RunWriter::add(SpiderOutcome outcome) {
  outbox_.add(std::move(outcome), instance_.host.now(), !connected_ || has_unwritten());
  attend();
}

RunWriter::Clock::time_point RunWriter::next_step() const {
  if (!connected_ || missing_) return next_try_;
  return has_unwritten() ? std::min(next_beat_, next_try_) : next_beat_;
}

PollRequest RunWriter::poll_request() const {
  if (lost_) return {};
  PollRequest poll_request;
  // Also the idle connection is watched: what is lost there another host may take.
  if (connected()) poll_request = instance_.store.poll_request();
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

/** Somebody may have removed it, too. */
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
  suspect_ = true;
  next_beat_ = next_try_ = Clock::now();
  instance_.log.debug("The host slept; the connection is checked");
}

/** False when there is nothing to do but to wait. */
bool RunWriter::step() {
  const auto now = Clock::now();
  try {
    if (writing_) {
      if (!instance_.store.written()) return false;
      sent();
      return true;
    }
    if (connected()) (void)instance_.store.written();
    if ((!connected_ || missing_) && now < next_try_) return false;
    if (refused_ || missing_) return record_again();
    if (!connected_) return reconnect();
    if (due_outcomes(now) == 0 && now < next_beat_) return false;
    if (std::exchange(suspect_, false)) instance_.store.verify(record_.claim);
    send();
    return true;
  } catch (const MissingRun& error) {
    on_missing(error);
  } catch (const LostRun& error) {
    on_lost(error);
  } catch (const DbError& error) {
    on_error(error);
  }
  return !lost_;
}

/** How many are to be written now; while none is, heartbeats go without them. */
std::size_t RunWriter::due_outcomes(Clock::time_point now) const {
  if (now < next_try_ || !has_unwritten()) return 0;
  // What was refused once goes alone, so that it holds back nothing else.
  if (outbox_.waiting_at(0).refused > 0) return 1;
  return std::min(max_at_once, outbox_.waiting());
}

void RunWriter::send() {
  under_way_ = due_outcomes(Clock::now());
  std::vector<SpiderOutcome> outcomes;
  for (std::size_t i = 0; i < under_way_; ++i) {
    const auto& [outcome, ended, refused] = outbox_.waiting_at(i);
    outcomes.push_back(outcome);
    // Counted anew at each try: while the database is away it grows.
    outcomes.back().ago = least_age(ended, instance_.host.now());
  }
  writing_ = true;
  instance_.store.send(record_.claim, outcomes);
}

void RunWriter::sent() {
  writing_ = false;
  outbox_.acknowledge(under_way_);
  if (under_way_ > 0) {
    refusals_ = 0;
    pause_ = first_pause;
  }
  under_way_ = 0;
  next_beat_ = Clock::now() + beat_interval;
}

void RunWriter::on_lost(const LostRun& error) {
  writing_ = false;
  lost_ = true;
  instance_.log.error("{}; its spiders are stopped here", error.what());
}

/** Somebody emptied the table, or went back to a dump: nobody else has the run. */
void RunWriter::on_missing(const MissingRun& error) {
  writing_ = false;
  instance_.log.warn("{}; it is recorded anew, and the spiders go on", error.what());
  // Where it vanishes each time it is not written without a pause.
  next_try_ = Clock::now() + (pause_ == first_pause ? Duration{0} : pause_);
  missing_ = true;
}

void RunWriter::on_error(const DbError& error) {
  writing_ = false;
  if (error.kind() != DbError::Kind::connection && connected()) return refuse(error);
  if (!connected()) {
    // Still away: the next try comes later each time.
    instance_.log.debug("The database is still away: {}", error.what());
    next_try_ = Clock::now() + pause_;
    const auto longest = Clock::now() - tried_ < slow_try ? max_pause : slow_pause;
    pause_ = std::min(2 * pause_, longest);
    return;
  }
  connected_ = refused_ = false;
  instance_.log.warn("The database went away: {}; the spiders go on", error.what());
  // Most often it is back at once: a restart, or an administrator who ended the session.
  next_try_ = Clock::now();
}

/** The connection is there, but the statement failed: it took too long, or it cannot be stored. */
void RunWriter::refuse(const DbError& error) {
  // Also a table or a column that is not there any more: it is not back before somebody sees to it.
  const bool lasts =
      error.kind() == DbError::Kind::data || error.kind() == DbError::Kind::not_migrated;
  if (lasts) {
    ++refusals_;
    if (std::exchange(said_, error.cause()) != error.cause()) note_refused(instance_, error);
  } else {
    instance_.log.warn("The database did not take {}: {}",
                       under_way_ == 0
                           ? std::string("what was written")
                           : "the outcome of " + std::to_string(under_way_) + " spider(s)",
                       error.what());
  }
  for (std::size_t i = 0; i < under_way_; ++i) {
    auto& [outcome, ended, refused] = outbox_.waiting_at(i);
    // Rather without its details than not at all.
    if (++refused == 2) outcome.crawl.reset();
  }
  // A heartbeat that was refused says nothing of outcomes.
  if (refused_ || missing_ || under_way_ > 0) {
    next_try_ = Clock::now() + pause_;
    pause_ = std::min(2 * pause_, lasts ? max_refusal : max_pause);
  }
  under_way_ = 0;
  next_beat_ = Clock::now() + beat_interval;
}

bool RunWriter::reconnect() {
  tried_ = Clock::now();
  // Of the run's earlier attempts the database may know less than this one goes on from: one that
  // was killed still stands there as running.
  instance_.store.drop_connection();
  require_same_database();
  if (!was_connected_) replay_attempts_of(instance_, record_.claim.uuid);
  try {
    go_on_from(instance_.store.reclaim(record_, instance_.host.now(), lock_));
  } catch (const DbError& error) {
    // The lock was taken before anything was written.
    refused_ = error.kind() == DbError::Kind::data;
    throw;
  }
  suspect_ = false;
  pause_ = first_pause;
  instance_.log.info("{}: run {} is still ours",
                     was_connected_ ? "Connected again" : "The database is back", record_.claim.id);
  was_connected_ = true;
  return true;
}

/** What vanished, or was refused, on the same connection. */
bool RunWriter::record_again() {
  if (refused_) replay_attempts_of(instance_, record_.claim.uuid);
  const bool was_there = connected_;
  const auto id = instance_.store.record_again(record_, instance_.host.now());
  pause_ = std::min(2 * pause_, max_pause);
  go_on_from(id);
  was_connected_ = true;
  instance_.log.info("{}, as run {}", was_there ? "Recorded again" : "Recorded now", id);
  return true;
}

/**
 * The server, or the row, need not be the one of before, nor have the newest of what was written:
 * it gets everything, and what it has already stays as it is.
 */
void RunWriter::go_on_from(RunId id) {
  connected_ = true;
  counted_ = true;
  refused_ = false;
  missing_ = false;
  next_beat_ = Clock::now() + beat_interval;
  outbox_.send_again();
  if (record_.claim.id != id) outbox_.recorded(id, record_.database);
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

/** True when everything is written; false when that has to wait. */
bool RunWriter::drain() {
  while (!lost_) {
    if (writing_) {
      try {
        instance_.store.wait_written();
      } catch (const MissingRun& error) {
        on_missing(error);
        continue;
      } catch (const LostRun& error) {
        on_lost(error);
        return false;
      } catch (const DbError& error) {
        on_error(error);
        continue;
      }
      sent();
      continue;
    }
    if (connected_ && !has_unwritten() && !missing_) {
      // Without it the run would be no success.
      if (!counted_) count_again();
      return true;
    }
    if (!step() && !writing_) return false;
  }
  return false;
}

bool RunWriter::finish_in_database(const RunEnd& end, Clock::time_point deadline) {
  while (!lost_) {
    try {
      if (drain()) {
        instance_.store.finish(record_.claim, end);
        return true;
      }
    } catch (const MissingRun& error) {
      on_missing(error);
    } catch (const LostRun& error) {
      on_lost(error);
    } catch (const DbError& error) {
      on_error(error);
      if (connected_)
        next_try_ = Clock::now() + std::exchange(pause_, std::min(2 * pause_, max_pause));
    }
    if (lost_ || refusals_ >= max_refusals) break;
    const auto next = std::min(next_try_, Clock::now() + max_pause);
    if (next > deadline) break;
    // A server that comes back tells nobody: it can only be asked again.
    std::this_thread::sleep_until(next);
  }
  return false;
}

Written RunWriter::finish(const RunEnd& end, Duration patience) {
  // First where nothing can take it away again.
  outbox_.end(end, instance_.host.now());
  // A last try: the database may have come up meanwhile, or take what it refused.
  if (!was_connected_) patience = Duration{0};
  if (!was_connected_ || connected()) next_try_ = Clock::now();
  refusals_ = 0;
  pause_ = first_pause;
  if (finish_in_database(end, Clock::now() + patience)) return Written::database;
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
