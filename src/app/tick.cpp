#include "app/tick.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "app/attempt.hpp"
#include "app/carry.hpp"
#include "app/claimed.hpp"
#include "app/considered.hpp"
#include "app/memory.hpp"
#include "app/offline_tick.hpp"
#include "app/publish.hpp"
#include "app/spider_list.hpp"
#include "app/telling.hpp"
#include "core/duration.hpp"
#include "core/errors.hpp"
#include "render/sentences.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

namespace {

using namespace std::chrono_literals;

// A database that comes up with the host tells nobody: it can only be asked again.
constexpr auto wake_pause = 1s;

// A tick that comes so shortly before need not leave it to the next one.
constexpr Duration longest_courtesy = 5s;

// Each time that a decision is made anew somebody else has got on with the run.
constexpr int most_decisions = 3;

class Tick {
 public:
  Tick(Schedule& schedule, const Request& request) : schedule_(schedule), request_(request) {}

  Result run() {
    const auto selected = selection();
    schedule_.log.info("{}", render::starting(schedule_.policy));
    try {
      return told(with_database_again(selected));
    } catch (const DbError& error) {
      if (!may_do_without(schedule_, error)) {
        note_hindrance(schedule_, GapCause::database_away, "");
        throw;
      }
      if (woke_lately(schedule_, request_, error)) return wait_for_database(selected, error);
      return tick_without_database(schedule_, request_, selected, error);
    }
  }

  std::string say() {
    (void)selection();
    std::string text = "Dry run: nothing is changed\n";
    try {
      return text + say(consider());
    } catch (const DbError& error) {
      if (!may_do_without(schedule_, error)) throw;
      text += std::string("The database cannot be used: ") + render::printable(error.what()) +
              "; going by the journal in " + schedule_.journal->place() + "\n";
      return text + say(consider_without_database(schedule_, request_, error));
    }
  }

 private:
  std::string say(const Considered& considered) const {
    std::string text;
    if (!request_.force) {
      text += render::last_run({considered.state.now, considered.state.newest_success},
                               schedule_.policy) +
              "\n";
    }
    for (const auto& run : considered.decision.interrupted) {
      text += render::run_words(run) + " would be marked as " + render::interruption(run) + "\n";
    }
    return text + "Decision: " + explain(schedule_, considered) + "\n";
  }

  /** Before anything is recorded, so that a misspelt name changes nothing. */
  std::optional<SpiderList> selection() {
    if (request_.spiders.empty()) return std::nullopt;
    return select(list_spiders(schedule_), request_.spiders);
  }

  /** Last, when every lock is free; whoever asked this program to end does not wait for that. */
  Result told(const Result& result) {
    if (to_tell_ && result.signal == 0) tell(schedule_);
    return result;
  }

  /** A connection that is lost in the middle, while the host sleeps say, is no database away. */
  Result with_database_again(const std::optional<SpiderList>& selected) {
    try {
      return with_database(selected);
    } catch (const DbError& error) {
      if (!reached_ || error.kind() != DbError::Kind::connection) throw;
      schedule_.log.debug("The connection was lost: {}; once more",
                          render::printable(error.what()));
    }
    schedule_.store.drop_connection();
    return with_database(selected);
  }

  Result with_database(const std::optional<SpiderList>& selected) {
    // First: what it holds may be the newest success.
    waits_ = carry_pending(schedule_).is_left;
    if (const auto skipped = skip_at_a_glance()) return *skipped;
    const auto considered = consider_patiently();
    (void)note_seen(schedule_, seen_);
    note_heartbeats(schedule_, considered.state);
    warn_of_the_future(considered);
    if (!runs_spiders(considered.decision)) return skip(schedule_, request_, considered);
    if (is_put_off(schedule_, request_, considered.state)) return {};
    return run_under_lock(selected);
  }

  /** Right after boot or resume the network, or the server, may need a moment. */
  Result wait_for_database(const std::optional<SpiderList>& selected, const DbError& first) {
    schedule_.log.info("The database is not there yet: {}; waiting for it, at most {}",
                       render::printable(first.what()), to_words(schedule_.wake_wait));
    std::string why = first.what();
    const auto deadline = std::chrono::steady_clock::now() + schedule_.wake_wait;
    while (std::chrono::steady_clock::now() + wake_pause <= deadline) {
      std::this_thread::sleep_for(wake_pause);
      try {
        return told(with_database(selected));
      } catch (const DbError& error) {
        if (error.kind() != DbError::Kind::connection) throw;
        why = error.what();
      }
    }
    note_deferred(schedule_, why);
    schedule_.log.info(
        "Deferred: the host has just woken up, and the database cannot be used: {}; "
        "the next tick goes by the journal if it has to",
        render::printable(why));
    return {};
  }

  std::optional<Result> skip_at_a_glance() {
    if (!schedule_.policy.enabled && !request_.force) {
      const bool is_first = note_hindrance(schedule_, GapCause::disabled, "");
      schedule_.log.info("Scheduler is disabled; skipping");
      // Each tick tries it until it is written, and one is loud; so is every run where it cannot
      // be.
      publish_whether_enabled(schedule_, is_first ? LogLevel::warning : LogLevel::info);
      return Result{};
    }
    auto glance = schedule_.store.glance();
    reached_ = true;
    seen_ = glance;
    if (waits_) glance.newest_success = newest_success(schedule_, glance);
    if (!request_.force) schedule_.log.info("{}", render::last_run(glance, schedule_.policy));
    to_tell_ = glance.to_tell;
    const auto decision =
        decide_at_a_glance(glance.now, glance.newest_success, schedule_.policy, request_);
    if (!decision) {
      to_tell_ = true;
      return std::nullopt;
    }
    if (note_seen(schedule_, seen_)) {
      publish_whether_enabled(schedule_, LogLevel::info);
      // Once for each run: the next skip knows it.
      warn_of_shared_name(schedule_);
    }
    // Under -q, as cron runs it, nobody reads the sentence: then no time zone is loaded for it.
    if (!schedule_.log.says(LogLevel::info)) return Result{};
    schedule_.log.info("{}",
                       render::explain(*decision, schedule_.policy, glance.now, schedule_.zone));
    return Result{};
  }

  /**
   * Waits for an owner that is about to be taken for gone, as each is of whom a server that was
   * just started knows nothing yet.
   */
  Considered consider_patiently() {
    auto considered = consider();
    const auto* waiting = std::get_if<OwnerMayReturn>(&considered.decision.action);
    if (waiting == nullptr || !waiting->until) return considered;
    const auto left = *waiting->until - considered.state.now;
    if (left > longest_courtesy) return considered;
    schedule_.log.info("{}; waiting for it", explain(schedule_, considered));
    std::this_thread::sleep_for(left + 1ms);
    return consider();
  }

  Considered consider() { return app::consider(schedule_, request_, read_state(schedule_)); }

  /** Loud where something is run: it lasts, and ticks come every few minutes. */
  void warn_of_the_future(const Considered& considered) {
    const auto& state = considered.state;
    if (state.future_runs == 0) return;
    schedule_.log.at(
        runs_spiders(considered.decision) ? LogLevel::warning : LogLevel::info,
        "{} run(s) start in the future of the database's clock; they count for nothing",
        state.future_runs);
  }

  Result run_under_lock(const std::optional<SpiderList>& selected) {
    // The holder may let go between the two looks; then there is a lock to be had again.
    for (int look = 0; look < 3; ++look) {
      if (const auto lock = schedule_.store.try_lock()) return run_on_this_host(*lock, selected);
      if (const auto holder = schedule_.store.lock_holder()) return skip_busy(holder);
    }
    return skip_busy(std::nullopt);
  }

  Result skip_busy(const std::optional<LockHolder>& holder) {
    Run run;
    if (holder) {
      run.owner.host = holder->host;
      run.owner.pid = holder->pid;
      run.started = holder->since;
    }
    return skip(schedule_, request_, busy(run));
  }

  /** A run that began while the database was away holds the file lock, and that one only. */
  Result run_on_this_host(SlotLock& lock, const std::optional<SpiderList>& selected) {
    if (schedule_.journal == nullptr) return run_locked(lock, selected);
    std::unique_ptr<SlotLock> file_lock;
    try {
      file_lock = schedule_.journal->try_lock(lock.slot());
      if (!file_lock) return skip(schedule_, request_, busy(run_of_this_host()));
    } catch (const std::system_error& error) {
      // What is wrong with the journal is told when it is written to.
      schedule_.log.debug("{}", render::printable(error.what()));
    }
    return run_locked(lock, selected);
  }

  Run run_of_this_host() {
    const auto state = state_of(schedule_.journal->read(), schedule_.owners.now());
    return state.last.value_or(state.partial.value_or(Run{}));
  }

  /** Decides again: another tick, here or elsewhere, may have finished since the first look. */
  Result run_locked(SlotLock& lock, const std::optional<SpiderList>& selected) {
    if (!carry_and_await_others(schedule_)) {
      lock.release();
      return skip(schedule_, request_, busy(run_of_this_host()));
    }
    for (int decisions = 0; decisions < most_decisions; ++decisions) {
      const auto considered = consider();
      if (!mark_interrupted(considered.decision.interrupted)) continue;
      if (!runs_spiders(considered.decision)) {
        lock.release();
        return skip(schedule_, request_, considered);
      }
      say_why(schedule_, considered);
      auto claimed = claim(considered, lock);
      if (!claimed) continue;
      if (!claimed->lost_midway) lock.decided();
      return carry_out(schedule_, std::move(*claimed), lock, selected);
    }
    lock.release();
    return skip(schedule_, request_, busy(Run{}));
  }

  /** Empty where the run that is to be retried is not as it was seen any more. */
  std::optional<Claimed> claim(const Considered& considered, const SlotLock& lock) {
    auto claimed = prepare(schedule_, considered.decision, considered.state, request_, lock.slot());
    try {
      record(schedule_, claimed, considered.decision, lock,
             refusal_of_earlier(considered.decision));
    } catch (const LostRun& error) {
      schedule_.log.info("{}; deciding again", error.what());
      return std::nullopt;
    }
    return claimed;
  }

  /** False where one of them is not as it was seen any more: its owner is back, say. */
  bool mark_interrupted(const std::vector<Run>& runs) {
    return std::all_of(runs.begin(), runs.end(),
                       [&](const Run& run) { return mark_interrupted(run); });
  }

  bool mark_interrupted(const Run& run) {
    const auto why = render::interruption(run);
    try {
      if (run.in_journal) {
        end_in_journal(schedule_, run);
      } else if (!schedule_.store.mark_interrupted(run, why)) {
        schedule_.log.info("{} went on meanwhile; deciding again", render::run_words(run));
        return false;
      }
    } catch (const DbError& error) {
      if (error.kind() != DbError::Kind::data) throw;
      note_refused(schedule_, error);
      refusal_ = error;
    }
    schedule_.log.warn("{} was {}", render::run_words(run), why);
    return true;
  }

  /** A retry cannot be recorded before the attempt that it follows. */
  [[nodiscard]] std::optional<DbError> refusal_of_earlier(const Decision& decision) const {
    const auto* retry = std::get_if<RetryRun>(&decision.action);
    if (retry == nullptr) return std::nullopt;
    if (refusal_ || !retry->run.in_journal) return refusal_;
    const auto refused = schedule_.journal->known().refused.value_or(Refusal{});
    return DbError(DbError::Kind::data, refused.text, refused.cause);
  }

  Schedule& schedule_;
  const Request& request_;
  bool reached_ = false;            ///< the database answered
  bool to_tell_ = false;            ///< there may be something to tell people
  bool waits_ = false;              ///< the journal holds what the database has not got
  Glance seen_;                     ///< the database alone
  std::optional<DbError> refusal_;  ///< of marking a run whose owner is gone
};

}  // namespace

Result tick(Schedule& schedule, const Request& request) {
  return Tick(schedule, request).run();
}

std::string dry_run(Schedule& schedule, const Request& request) {
  return Tick(schedule, request).say();
}

}  // namespace spider_check::app
