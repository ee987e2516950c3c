#include "app/tick.hpp"

#include <optional>
#include <string>

#include "app/attempt.hpp"
#include "app/spider_list.hpp"
#include "core/errors.hpp"
#include "render/sentences.hpp"

namespace spider_check::app {

namespace {

/** A decision with the state that it was made from. */
struct Considered {
  State state;
  Decision decision;
};

class Tick {
 public:
  Tick(Schedule& schedule, const Request& request) : schedule_(schedule), request_(request) {}

  Result run() {
    const auto selected = selection();
    schedule_.log.info("{}", render::starting(schedule_.policy));
    if (const auto skipped = skip_at_a_glance()) return *skipped;
    const auto considered = consider();
    warn_of_the_future(considered.state);
    if (!runs_spiders(considered.decision)) return skip(considered);
    return run_under_lock(selected);
  }

  std::string say() {
    (void)selection();
    const auto considered = consider();
    std::string text = "Dry run: nothing is changed\n";
    if (!request_.force) {
      text += render::last_run({considered.state.now, considered.state.newest_success},
                               schedule_.policy) +
              "\n";
    }
    for (const auto& run : considered.decision.interrupted) {
      text += "Run " + std::to_string(run.id) + " would be marked as " + render::interruption(run) +
              "\n";
    }
    return text + "Decision: " + explain(considered) + "\n";
  }

 private:
  /** Before anything is recorded, so that a misspelt name changes nothing. */
  std::optional<SpiderList> selection() {
    if (request_.spiders.empty()) return std::nullopt;
    return select(list_spiders(schedule_), request_.spiders);
  }

  std::optional<Result> skip_at_a_glance() {
    if (!schedule_.policy.enabled && !request_.force) {
      schedule_.log.info("Scheduler is disabled; skipping");
      return Result{};
    }
    const auto glance = schedule_.store.glance();
    if (!request_.force) schedule_.log.info("{}", render::last_run(glance, schedule_.policy));
    const auto decision =
        decide_at_a_glance(glance.now, glance.newest_success, schedule_.policy, request_);
    if (!decision) return std::nullopt;
    // Under -q, as cron runs it, nobody reads the sentence: then no time zone is loaded for it.
    if (!schedule_.log.should_log(spdlog::level::info)) return Result{};
    schedule_.log.info("{}",
                       render::explain(*decision, schedule_.policy, glance.now, schedule_.zone));
    return Result{};
  }

  Considered consider() {
    auto state = schedule_.store.state();
    const auto fates = judge_owners(state, schedule_.owners, schedule_.takeover_after);
    auto decision = decide(state, schedule_.policy, request_, fates);
    return {std::move(state), std::move(decision)};
  }

  std::string explain(const Considered& considered) const {
    return render::explain(considered.decision, schedule_.policy, considered.state.now,
                           schedule_.zone);
  }

  void warn_of_the_future(const State& state) {
    if (state.future_runs == 0) return;
    schedule_.log.warn(
        "{} run(s) start in the future of the database's clock; they count for nothing",
        state.future_runs);
  }

  Result skip(const Considered& considered) {
    if (!request_.force) {
      const bool says_so = std::holds_alternative<RecentRun>(considered.decision.action);
      schedule_.log.info("{}{}", explain(considered), says_so ? "" : "; skipping");
      return {};
    }
    schedule_.log.error("{}; nothing is run", explain(considered));
    return {ExitCode::already_running};
  }

  Result run_under_lock(const std::optional<SpiderList>& selected) {
    // The holder may let go between the two looks; then there is a lock to be had again.
    for (int look = 0; look < 3; ++look) {
      if (const auto lock = schedule_.store.try_lock()) return run_locked(*lock, selected);
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
    return skip({{}, {AlreadyRunning{run}, {}}});
  }

  /** Decides again: another host may have finished since the first look. */
  Result run_locked(SlotLock& lock, const std::optional<SpiderList>& selected) {
    const auto considered = consider();
    for (const auto& run : considered.decision.interrupted) mark_interrupted(run);
    if (!runs_spiders(considered.decision)) {
      lock.release();
      return skip(considered);
    }
    schedule_.log.info("{}", explain(considered));
    const auto claim = this->claim(considered.decision, lock);
    lock.decided();
    const auto result = carry_out(schedule_, claim, lock, selected);
    return result;
  }

  void mark_interrupted(const Run& run) {
    const auto why = render::interruption(run);
    schedule_.log.warn("Run {} was {}", run.id, why);
    schedule_.store.mark_interrupted(run, why);
  }

  Claim claim(const Decision& decision, SlotLock& lock) {
    if (const auto* retry = std::get_if<RetryRun>(&decision.action)) {
      return schedule_.store.retry(retry->run, lock);
    }
    const auto& start = std::get<StartRun>(decision.action);
    NewRun run;
    run.trigger = request_.force ? Trigger::force : Trigger::tick;
    run.partial = !request_.spiders.empty();
    if (start.lateness) {
      run.late = start.lateness->late;
      run.missed_intervals = start.lateness->missed_intervals;
      const auto late = render::explain(*start.lateness);
      if (!late.empty()) schedule_.log.info("{}", late);
    }
    return schedule_.store.start(run, lock);
  }

  Schedule& schedule_;
  const Request& request_;
};

}  // namespace

Result tick(Schedule& schedule, const Request& request) {
  return Tick(schedule, request).run();
}

std::string dry_run(Schedule& schedule, const Request& request) {
  return Tick(schedule, request).say();
}

}  // namespace spider_check::app
