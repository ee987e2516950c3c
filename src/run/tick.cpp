#include "run/tick.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "outbox/host_state.hpp"
#include "run/attempt.hpp"
#include "run/claim.hpp"
#include "run/publication.hpp"
#include "run/replay.hpp"
#include "run/spider_list.hpp"
#include "run/tick_decision.hpp"
#include "schedule/sentences.hpp"
#include "util/errors.hpp"
#include "util/time.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

using namespace std::chrono_literals;

// No event tells that a database has come up: it can only be asked again.
constexpr auto wake_pause = 1s;

// A tick that comes so shortly before need not leave it to the next one.
constexpr Duration max_courtesy = 5s;

// Each time that a decision is made anew another process has got on with the run.
constexpr int max_decisions = 3;

class Tick {
 public:
  Tick(Instance& instance, const Request& request) : instance_(instance), request_(request) {}

  Result run() {
    const auto selected = selection();
    instance_.log.info("{}", starting(instance_.policy));
    try {
      return told(with_database_again(selected));
    } catch (const DbError& error) {
      if (!can_run_offline(instance_, error)) {
        note_delay(instance_, DelayCause::database_away, "");
        throw;
      }
      if (woke_lately(error)) return wait_for_database(selected, error);
      return without_database(selected, error);
    }
  }

  std::string say() {
    (void)selection();
    std::string text = "Dry run: nothing is changed\n";
    try {
      return text + say(decide_now());
    } catch (const DbError& error) {
      if (!can_run_offline(instance_, error)) throw;
      text += std::string("The database cannot be used: ") + printable(error.what()) +
              "; going by the journal in " + instance_.journal.place() + "\n";
      return text + say(by_journal(error, [&] { return decide_now(); }));
    }
  }

 private:
  std::string say(const TickDecision& decided) const {
    std::string text;
    if (!request_.force) {
      text += last_run({decided.state.now, decided.state.newest_success}, instance_.policy) + "\n";
    }
    for (const auto& run : decided.decision.interrupted) {
      text += run_words(run) + " would be marked as " + interruption(run) + "\n";
    }
    return text + "Decision: " + explain(instance_, decided) + "\n";
  }

  /** Before anything is recorded, so that a misspelt name changes nothing. */
  std::optional<SpiderList> selection() {
    if (request_.spiders.empty()) return std::nullopt;
    return select(list_spiders(instance_), request_.spiders);
  }

  /** Last, when every lock is free; not after a signal to stop. */
  Result told(const Result& result) {
    if (instance_.tell && may_notify_ && result.signal == 0) instance_.tell();
    return result;
  }

  /** A connection that is lost in the middle, while the host sleeps say, is no database away. */
  Result with_database_again(const std::optional<SpiderList>& selected) {
    try {
      return with_database(selected);
    } catch (const DbError& error) {
      if (!reached_ || error.kind() != DbError::Kind::connection) throw;
      instance_.log.debug("The connection was lost: {}; once more", printable(error.what()));
    }
    instance_.store.drop_connection();
    return with_database(selected);
  }

  Result with_database(const std::optional<SpiderList>& selected) {
    // First: what it holds may be the newest success.
    waits_ = replay_pending(instance_).is_left;
    if (const auto skipped = skip_quick()) return *skipped;
    const auto decided = decide_patiently();
    (void)note_seen(instance_, seen_);
    note_heartbeats(instance_, decided.state);
    return run_if_due(decided, [&] { return run_under_lock(selected); });
  }

  /** Under the file lock of this host; a later tick records what came of it. */
  Result without_database(const std::optional<SpiderList>& selected, const DbError& error) {
    return by_journal(error, [&] {
      // Loud once for each outage: an outage lasts, and ticks come every few minutes.
      const auto level = note_away(instance_) ? LogLevel::warning : LogLevel::info;
      instance_.log.at(level, "The database cannot be used: {}; going by the journal in {}",
                       printable(error.what()), instance_.journal.place());
      return run_if_due(decide_now(), [&] {
        const auto lock = instance_.journal.try_lock(std::nullopt);
        if (!lock) return skip(instance_, request_, busy(run_of_this_host()));
        return run_offline(*lock, selected);
      });
    });
  }

  /** From now on the journal says how things stand. Throws DbError where it cannot be used, too. */
  template <typename Action>
  std::invoke_result_t<Action> by_journal(const DbError& error, Action&& action) {
    offline_ = true;
    try {
      return action();
    } catch (const std::system_error& journal) {
      throw DbError(error.kind(), std::string(error.what()) +
                                      "; and without it nothing is run, because " + journal.what());
    }
  }

  template <typename Run>
  Result run_if_due(const TickDecision& decided, Run&& run) {
    warn_of_the_future(decided);
    if (!runs_spiders(decided.decision)) return skip(instance_, request_, decided);
    if (is_put_off(instance_, request_, decided.state)) return {};
    return run();
  }

  /** Whether the host has woken up so lately that the database may need a moment to be there. */
  [[nodiscard]] bool woke_lately(const DbError& error) const {
    if (request_.force || error.kind() != DbError::Kind::connection) return false;
    const auto noted = instance_.journal.host_state().noted;
    // Of a host that never saw the database nothing is known.
    return !noted.boot_id.empty() && woke_between(noted, instance_.host.now());
  }

  /** Right after boot or resume the network, or the server, may need a moment. */
  Result wait_for_database(const std::optional<SpiderList>& selected, const DbError& first) {
    instance_.log.info("The database is not there yet: {}; waiting for it, at most {}",
                       printable(first.what()), to_words(instance_.wake_wait));
    std::string why = first.what();
    const auto deadline = std::chrono::steady_clock::now() + instance_.wake_wait;
    while (std::chrono::steady_clock::now() + wake_pause <= deadline) {
      std::this_thread::sleep_for(wake_pause);
      try {
        return told(with_database(selected));
      } catch (const DbError& error) {
        if (error.kind() != DbError::Kind::connection) throw;
        why = error.what();
      }
    }
    note_deferred(instance_, why);
    instance_.log.info(
        "Deferred: the host has just woken up, and the database cannot be used: {}; "
        "the next tick goes by the journal if it has to",
        printable(why));
    return {};
  }

  std::optional<Result> skip_quick() {
    if (!instance_.policy.enabled && !request_.force) {
      const bool is_first = note_delay(instance_, DelayCause::disabled, "");
      instance_.log.info("Scheduler is disabled; skipping");
      // Each tick tries it until it is written, and one is loud; so is every run where it cannot
      // be.
      publish_whether_enabled(instance_, is_first ? LogLevel::warning : LogLevel::info);
      return Result{};
    }
    auto latest_success = instance_.store.latest_success();
    reached_ = true;
    seen_ = latest_success;
    if (waits_) latest_success.newest_success = newest_success(instance_, latest_success);
    if (!request_.force) instance_.log.info("{}", last_run(latest_success, instance_.policy));
    may_notify_ = latest_success.may_notify;
    const auto decision =
        decide_quick(latest_success.now, latest_success.newest_success, instance_.policy, request_);
    if (!decision) {
      may_notify_ = true;
      return std::nullopt;
    }
    if (note_seen(instance_, seen_)) {
      publish_whether_enabled(instance_, LogLevel::info);
      // Once for each run: the next skip knows it.
      warn_of_shared_name(instance_);
    }
    // Under -q, as cron runs it, the sentence is not shown: then no time zone is loaded for it.
    if (!instance_.log.says(LogLevel::info)) return Result{};
    instance_.log.info("{}",
                       explain(*decision, instance_.policy, latest_success.now, instance_.zone));
    return Result{};
  }

  /**
   * Waits for an owner that is about to be taken for gone, as each is of whom a server that was
   * just started knows nothing yet.
   */
  TickDecision decide_patiently() {
    auto decided = decide_now();
    const auto* waiting = std::get_if<OwnerMayReturn>(&decided.decision.action);
    if (waiting == nullptr || !waiting->until) return decided;
    const auto left = *waiting->until - decided.state.now;
    if (left > max_courtesy) return decided;
    instance_.log.info("{}; waiting for it", explain(instance_, decided));
    std::this_thread::sleep_for(left + 1ms);
    return decide_now();
  }

  [[nodiscard]] TickDecision decide_now() const {
    return decide_tick(instance_, request_, offline_ ? state_of_journal() : read_state(instance_));
  }

  [[nodiscard]] State state_of_journal() const {
    return state_of(instance_.journal.read(), instance_.host.now());
  }

  /** Loud where something is run: it lasts, and ticks come every few minutes. */
  void warn_of_the_future(const TickDecision& decided) {
    const auto& state = decided.state;
    if (state.future_runs == 0) return;
    const auto level = runs_spiders(decided.decision) ? LogLevel::warning : LogLevel::info;
    if (offline_) {
      instance_.log.at(
          level,
          "The host's clock went backwards: {} run(s) of the journal seem to be of the "
          "future; they count for nothing",
          state.future_runs);
    } else {
      instance_.log.at(
          level, "{} run(s) start in the future of the database's clock; they count for nothing",
          state.future_runs);
    }
  }

  Result run_under_lock(const std::optional<SpiderList>& selected) {
    // The holder may let go between the two looks; then there is a lock to be had again.
    for (int look = 0; look < 3; ++look) {
      if (const auto lock = instance_.store.try_lock()) return run_on_this_host(*lock, selected);
      if (const auto holder = instance_.store.lock_holder()) return skip_busy(holder);
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
    return skip(instance_, request_, busy(run));
  }

  /** A run that began while the database was away holds the file lock, and that one only. */
  Result run_on_this_host(SlotLock& lock, const std::optional<SpiderList>& selected) {
    std::unique_ptr<SlotLock> file_lock;
    try {
      file_lock = instance_.journal.try_lock(lock.slot());
      if (!file_lock) return skip(instance_, request_, busy(run_of_this_host()));
    } catch (const std::system_error& error) {
      // The error shows when the journal is written to.
      instance_.log.debug("{}", printable(error.what()));
    }
    return run_locked(lock, selected);
  }

  [[nodiscard]] Run run_of_this_host() const {
    const auto state = state_of_journal();
    return state.last.value_or(state.partial.value_or(Run{}));
  }

  /** Decides again: another tick, here or elsewhere, may have finished since the first look. */
  Result run_locked(SlotLock& lock, const std::optional<SpiderList>& selected) {
    if (!replay_and_await_others(instance_)) {
      lock.release();
      return skip(instance_, request_, busy(run_of_this_host()));
    }
    for (int decisions = 0; decisions < max_decisions; ++decisions) {
      const auto decided = decide_now();
      if (!mark_interrupted(decided.decision.interrupted)) continue;
      if (!runs_spiders(decided.decision)) {
        lock.release();
        return skip(instance_, request_, decided);
      }
      say_why(instance_, decided);
      auto claimed = claim(decided, lock);
      if (!claimed) continue;
      if (!claimed->lost_midway) lock.decided();
      return carry_out(instance_, std::move(*claimed), lock, selected);
    }
    lock.release();
    return skip(instance_, request_, busy(Run{}));
  }

  /** The same by the journal. */
  Result run_offline(SlotLock& lock, const std::optional<SpiderList>& selected) {
    const auto decided = decide_now();
    for (const auto& run : decided.decision.interrupted) (void)mark_interrupted(run);
    if (!runs_spiders(decided.decision)) return skip(instance_, request_, decided);
    say_why(instance_, decided);
    auto claimed = prepare(instance_, decided.decision, decided.state, request_, lock.slot());
    record_without_database(instance_, claimed);
    const auto database_lock = instance_.store.unheld_lock(lock.slot());
    return carry_out(instance_, std::move(claimed), *database_lock, selected);
  }

  /** Empty where the run that is to be retried is not as it was seen any more. */
  std::optional<ClaimedAttempt> claim(const TickDecision& decided, const SlotLock& lock) {
    auto claimed = prepare(instance_, decided.decision, decided.state, request_, lock.slot());
    try {
      record(instance_, claimed, refusal_of_earlier(decided.decision));
    } catch (const LostRun& error) {
      instance_.log.info("{}; deciding again", error.what());
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
    const auto why = interruption(run);
    try {
      if (offline_ || run.in_journal) {
        end_in_journal(instance_, run);
      } else if (!instance_.store.mark_interrupted(run, why)) {
        instance_.log.info("{} went on meanwhile; deciding again", run_words(run));
        return false;
      }
    } catch (const DbError& error) {
      if (error.kind() != DbError::Kind::data) throw;
      note_refused(instance_, error);
      refusal_ = error;
    }
    instance_.log.warn("{} was {}", run_words(run), why);
    return true;
  }

  /** A retry cannot be recorded before the attempt that it follows. */
  [[nodiscard]] std::optional<DbError> refusal_of_earlier(const Decision& decision) const {
    const auto* retry = std::get_if<RetryRun>(&decision.action);
    if (retry == nullptr) return std::nullopt;
    if (refusal_ || !retry->run.in_journal) return refusal_;
    const auto refused = instance_.journal.host_state().refused.value_or(Refusal{});
    return DbError(DbError::Kind::data, refused.text, refused.cause);
  }

  Instance& instance_;
  const Request& request_;
  bool offline_ = false;            ///< the journal says how things stand, not the database
  bool reached_ = false;            ///< the database answered
  bool may_notify_ = false;         ///< there may be something to tell people
  bool waits_ = false;              ///< the journal holds what the database has not got
  LatestSuccess seen_;              ///< the database alone
  std::optional<DbError> refusal_;  ///< of marking a run whose owner is gone
};

}  // namespace

Result tick(Instance& instance, const Request& request) {
  return Tick(instance, request).run();
}

std::string dry_run(Instance& instance, const Request& request) {
  return Tick(instance, request).say();
}

}  // namespace spider_check
