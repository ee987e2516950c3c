#include "run/tick_decision.hpp"

#include <system_error>
#include <utility>

#include "outbox/host_state.hpp"
#include "schedule/owner.hpp"
#include "schedule/sentences.hpp"
#include "schedule/spider.hpp"
#include "util/log.hpp"
#include "util/time.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

struct Sight {
  OwnerStatus fate = OwnerStatus::unknown;
  std::optional<TimePoint> until;
  bool power_cut = false;
};

OwnerSigns signs_of(const Instance& instance, const Run& run, const State& state) {
  const auto& host = instance.host;
  OwnerSigns signs;
  signs.process_exists = same_pid_namespace(run.owner, host.self()) && host.exists(run.owner);
  signs.silence = state.now - run.heartbeat;
  if (signs.silence < Duration{0}) signs.silence = unchanged_for(instance, run);
  signs.uptime = host.now().since_boot;
  signs.spiders_outlive = run.spiders_outlive;
  const auto since = state.server_since;
  if (since && *since <= state.now) signs.reachable = state.now - *since;
  return signs;
}

Sight look_for(const std::optional<Run>& run, const Instance& instance, const State& state) {
  if (!run || run->status != RunStatus::running || run->lock_held) return {};
  const auto signs = signs_of(instance, *run, state);
  const auto fate = owner_status(run->owner, instance.host.self(), signs, instance.takeover_after);
  if (fate != OwnerStatus::unknown) {
    return {fate, std::nullopt, is_of_former_boot(run->owner, instance.host.self(), signs)};
  }
  return {fate, state.now + time_until_gone(signs, instance.takeover_after), false};
}

OwnerStatuses owner_statuses(const Instance& instance, const State& state) {
  const auto last = look_for(state.last, instance, state);
  const auto partial = look_for(state.partial, instance, state);
  return {last.fate, partial.fate, last.until, partial.until, last.power_cut, partial.power_cut};
}

/** What this database has not got. Throws DbError. */
std::vector<PendingAttempt> attempts_of(const Instance& instance) {
  std::vector<PendingAttempt> attempts;
  try {
    if (!instance.journal.pending()) return {};
    attempts = instance.journal.read().attempts;
  } catch (const std::system_error&) {
    // The error shows when the journal is written to.
  }
  if (attempts.empty()) return attempts;
  const auto here = instance.store.database();
  std::erase_if(attempts,
                [&](const auto& each) { return each.record.database.is_other_than(here); });
  return attempts;
}

}  // namespace

State read_state(const Instance& instance) {
  return merge(instance.store.state(), attempts_of(instance), instance.host.now());
}

std::optional<TimePoint> newest_success(const Instance& instance,
                                        const LatestSuccess& latest_success) {
  State state;
  state.now = latest_success.now;
  state.newest_success = latest_success.newest_success;
  return merge(state, attempts_of(instance), instance.host.now()).newest_success;
}

TickDecision decide_tick(const Instance& instance, const Request& request, State state) {
  const auto statuses = owner_statuses(instance, state);
  auto decision = decide(state, instance.policy, request, statuses);
  return {std::move(state), std::move(decision)};
}

std::string explain(const Instance& instance, const TickDecision& decided) {
  return explain(decided.decision, instance.policy, decided.state.now, instance.zone);
}

Result skip(Instance& instance, const Request& request, const TickDecision& decided) {
  if (request.force) {
    instance.log.error("{}; nothing is run", explain(instance, decided));
    return {ExitCode::already_running};
  }
  const bool says_so = std::holds_alternative<RecentRun>(decided.decision.action);
  instance.log.info("{}{}", explain(instance, decided), says_so ? "" : "; skipping");
  return {};
}

TickDecision busy(Run run) {
  return {{}, {AlreadyRunning{std::move(run)}, {}}};
}

bool is_put_off(Instance& instance, const Request& request, const State& state) {
  if (request.force) return false;
  const auto why = deferred(instance, state);
  if (why) instance.log.info("{}", *why);
  return why.has_value();
}

void say_why(Instance& instance, const TickDecision& decided) {
  for (const auto& warning : instance.warnings) {
    instance.log.warn("{}", printable(warning));
  }
  instance.log.info("{}", explain(instance, decided));
  const auto* start = std::get_if<StartRun>(&decided.decision.action);
  if (start == nullptr || !start->lateness) return;
  const auto late = explain(*start->lateness);
  if (!late.empty()) instance.log.info("{}", late);
}

std::optional<std::string> deferred(Instance& instance, const State& state) {
  if (!instance.precheck) return std::nullopt;
  const auto objection = instance.precheck();
  if (!objection) return std::nullopt;
  if (may_wait(state.newest_success, state.now, instance.precheck_max_age)) {
    note_delay(instance, DelayCause::deferred, *objection);
    return "Deferred: " + *objection + "; the next tick tries again";
  }
  const auto why = state.newest_success ? "the data is older than precheck_max_age (" +
                                              to_text(instance.precheck_max_age) + ")"
                                        : std::string("nothing has succeeded yet");
  instance.log.warn("The {}, but {}; running anyway", *objection, why);
  return std::nullopt;
}

}  // namespace spider_check
