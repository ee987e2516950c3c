#include "app/run_writer.hpp"

#include <algorithm>
#include <thread>

#include "core/errors.hpp"

namespace spider_check::app {

using namespace std::chrono_literals;

namespace {

// The heartbeat of a run: others take over what has been silent for minutes.
constexpr auto beat_interval = 30s;

// Between two tries to reach a database that is away.
constexpr Duration first_pause = 250ms;
constexpr Duration longest_pause = 30s;

// More in one statement saves nothing.
constexpr std::size_t most_at_once = 200;

}  // namespace

RunWriter::RunWriter(Schedule& schedule, const Claim& claim, SlotLock& lock)
    : schedule_(schedule),
      claim_(claim),
      lock_(lock),
      next_beat_(Clock::now() + beat_interval),
      pause_(first_pause) {}

void RunWriter::add(SpiderOutcome outcome) {
  unwritten_.push_back({std::move(outcome), Clock::now()});
  attend();
}

Interest RunWriter::interest() const {
  if (lost_) return {};
  if (writing_) return schedule_.store.interest();
  Interest interest;
  interest.until = connected_ && unwritten_.empty() ? next_beat_ : next_try_;
  return interest;
}

void RunWriter::attend() {
  while (!lost_ && step()) {
  }
}

/** False when there is nothing to do but to wait. */
bool RunWriter::step() {
  const auto now = Clock::now();
  try {
    if (writing_) {
      if (!schedule_.store.written()) return false;
      sent();
      return true;
    }
    if (now < next_try_) return false;
    if (!connected_) return reconnect();
    if (unwritten_.empty() && now < next_beat_) return false;
    send();
    return true;
  } catch (const LostRun& error) {
    on_lost(error);
  } catch (const DbError& error) {
    on_error(error);
  }
  return !lost_;
}

void RunWriter::send() {
  // What was refused once goes alone, so that it holds back nothing else.
  const bool alone = !unwritten_.empty() && unwritten_.front().refused > 0;
  under_way_ = std::min(alone ? 1 : most_at_once, unwritten_.size());
  std::vector<SpiderOutcome> outcomes;
  for (std::size_t i = 0; i < under_way_; ++i) {
    auto& [outcome, ended, refused] = unwritten_[i];
    // Counted anew at each try: while the database is away it grows.
    outcome.ago = std::chrono::duration_cast<Duration>(Clock::now() - ended);
    outcomes.push_back(outcome);
  }
  writing_ = true;
  schedule_.store.send(claim_, outcomes);
}

void RunWriter::sent() {
  writing_ = false;
  unwritten_.erase(unwritten_.begin(),
                   unwritten_.begin() + static_cast<std::ptrdiff_t>(under_way_));
  next_beat_ = Clock::now() + beat_interval;
  pause_ = first_pause;
}

void RunWriter::on_lost(const LostRun& error) {
  writing_ = false;
  lost_ = true;
  schedule_.log.error("{}; its spiders are stopped here", error.what());
}

void RunWriter::on_error(const DbError& error) {
  writing_ = false;
  if (error.kind() != DbError::Kind::connection) return refuse(error);
  if (!connected_) {
    // Still away: the next try comes later each time.
    schedule_.log.debug("The database is still away: {}", error.what());
    next_try_ = Clock::now() + pause_;
    pause_ = std::min(2 * pause_, longest_pause);
    return;
  }
  connected_ = false;
  schedule_.log.warn("The database went away: {}; the spiders go on", error.what());
  // Most often it is back at once: a restart, or an administrator who ended the session.
  next_try_ = Clock::now();
}

/** The connection is there, but the statement failed: it took too long, or it cannot be stored. */
void RunWriter::refuse(const DbError& error) {
  schedule_.log.warn("The database did not take the outcome of {} spider(s): {}", under_way_,
                     error.what());
  for (std::size_t i = 0; i < under_way_ && i < unwritten_.size(); ++i) {
    auto& [outcome, ended, refused] = unwritten_[i];
    // Rather without its details than not at all.
    if (++refused == 2) outcome.crawl.reset();
  }
  next_try_ = Clock::now() + pause_;
  pause_ = std::min(2 * pause_, longest_pause);
  next_beat_ = Clock::now() + beat_interval;
}

bool RunWriter::reconnect() {
  schedule_.store.reclaim(claim_, lock_);
  connected_ = true;
  pause_ = first_pause;
  schedule_.log.info("Connected again: run {} is still ours", claim_.id);
  return true;
}

/** True when everything is written; false when that has to wait. */
bool RunWriter::drain() {
  while (!lost_) {
    if (writing_) {
      try {
        schedule_.store.wait_written();
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
    if (connected_ && unwritten_.empty()) return true;
    if (!step() && !writing_) return false;
  }
  return false;
}

bool RunWriter::finish(const RunEnd& end, Duration patience) {
  const auto deadline = Clock::now() + patience;
  while (!lost_) {
    try {
      if (drain()) {
        schedule_.store.finish(claim_, end);
        return true;
      }
    } catch (const LostRun& error) {
      on_lost(error);
    } catch (const DbError& error) {
      on_error(error);
      if (connected_) next_try_ = Clock::now() + pause_;
    }
    if (lost_) break;
    const auto next = std::min(next_try_, Clock::now() + longest_pause);
    if (next > deadline) {
      schedule_.log.error("The database stayed away: the end of run {} could not be recorded",
                          claim_.id);
      break;
    }
    // A server that comes back tells nobody: it can only be asked again.
    std::this_thread::sleep_until(next);
  }
  return false;
}

}  // namespace spider_check::app
