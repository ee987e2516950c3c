#include "app/offline_tick.hpp"

#include <system_error>
#include <utility>

#include "app/attempt.hpp"
#include "app/claim.hpp"
#include "app/host_state.hpp"
#include "app/replay.hpp"
#include "render/sentences.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

namespace {

/** The fault of the database, and of the journal beside it. */
DbError neither(const DbError& error, const std::system_error& journal) {
  return {error.kind(),
          std::string(error.what()) + "; and without it nothing is run, because " + journal.what()};
}

class OfflineTick {
 public:
  OfflineTick(Instance& instance, const Request& request, const DbError& error)
      : instance_(instance), journal_(*instance.journal), request_(request), error_(error) {}

  Result run(const std::optional<SpiderList>& selected) {
    announce();
    const auto considered = look();
    warn_of_the_future(considered);
    if (!runs_spiders(considered.decision)) return skip(instance_, request_, considered);
    if (is_put_off(instance_, request_, considered.state)) return {};
    const auto lock = journal_.try_lock(std::nullopt);
    if (!lock) return skip(instance_, request_, busy(running_run()));
    return run_locked(*lock, selected);
  }

  [[nodiscard]] Considered look() const {
    return consider(instance_, request_, state_of(journal_.read(), instance_.host.now()));
  }

 private:
  /** Loud once for each outage: an outage lasts, and ticks come every few minutes. */
  void announce() {
    const auto level = note_away(instance_) ? LogLevel::warning : LogLevel::info;
    instance_.log.at(level, "The database cannot be used: {}; going by the journal in {}",
                     render::printable(error_.what()), journal_.place());
  }

  /** Loud where something is run: it lasts, and ticks come every few minutes. */
  void warn_of_the_future(const Considered& considered) {
    const auto& state = considered.state;
    if (state.future_runs == 0) return;
    instance_.log.at(
        runs_spiders(considered.decision) ? LogLevel::warning : LogLevel::info,
        "The host's clock went backwards: {} run(s) of the journal seem to be of the future; they "
        "count for nothing",
        state.future_runs);
  }

  /** Whoever has the lock. */
  [[nodiscard]] Run running_run() const {
    auto state = state_of(journal_.read(), instance_.host.now());
    return state.last.value_or(state.partial.value_or(Run{}));
  }

  /** Decides again: another tick may have finished in between. */
  Result run_locked(SlotLock& lock, const std::optional<SpiderList>& selected) {
    const auto considered = look();
    for (const auto& run : considered.decision.interrupted) mark_interrupted(run);
    if (!runs_spiders(considered.decision)) return skip(instance_, request_, considered);
    say_why(instance_, considered);
    auto claimed = prepare(instance_, considered.decision, considered.state, request_, lock.slot());
    record_without_database(instance_, claimed);
    const auto database_lock = instance_.store.unheld_lock(lock.slot());
    return carry_out(instance_, std::move(claimed), *database_lock, selected);
  }

  void mark_interrupted(const Run& run) {
    instance_.log.warn("{} was {}", render::run_words(run), render::interruption(run));
    end_in_journal(instance_, run);
  }

  Instance& instance_;
  Journal& journal_;
  const Request& request_;
  const DbError& error_;
};

}  // namespace

Result tick_without_database(Instance& instance, const Request& request,
                             const std::optional<SpiderList>& selected, const DbError& error) {
  try {
    return OfflineTick(instance, request, error).run(selected);
  } catch (const std::system_error& journal) {
    throw neither(error, journal);
  }
}

Considered consider_without_database(const Instance& instance, const Request& request,
                                     const DbError& error) {
  try {
    return consider(instance, request, state_of(instance.journal->read(), instance.host.now()));
  } catch (const std::system_error& journal) {
    throw neither(error, journal);
  }
}

bool woke_lately(const Instance& instance, const Request& request, const DbError& error) {
  if (request.force || error.kind() != DbError::Kind::connection) return false;
  const auto noted = instance.journal->host_state().noted;
  // Of a host that never saw the database nothing is known.
  return !noted.boot_id.empty() && woke_between(noted, instance.host.now());
}

}  // namespace spider_check::app
