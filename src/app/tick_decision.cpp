#include "app/tick_decision.hpp"

#include <system_error>
#include <utility>

#include "app/host_state.hpp"
#include "core/ports.hpp"
#include "core/time.hpp"
#include "render/sentences.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

namespace {

/** What this database has not got. Throws DbError. */
std::vector<PendingAttempt> attempts_of(const Instance& instance) {
  std::vector<PendingAttempt> attempts;
  try {
    if (instance.journal == nullptr || !instance.journal->pending()) return {};
    attempts = instance.journal->read().attempts;
  } catch (const std::system_error&) {
    // What is wrong with the journal is told when it is written to.
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

Considered consider(const Instance& instance, const Request& request, State state) {
  const auto statuses = owner_statuses(instance, state);
  auto decision = decide(state, instance.policy, request, statuses);
  return {std::move(state), std::move(decision)};
}

std::string explain(const Instance& instance, const Considered& considered) {
  return render::explain(considered.decision, instance.policy, considered.state.now, instance.zone);
}

Result skip(Instance& instance, const Request& request, const Considered& considered) {
  if (request.force) {
    instance.log.error("{}; nothing is run", explain(instance, considered));
    return {ExitCode::already_running};
  }
  const bool says_so = std::holds_alternative<RecentRun>(considered.decision.action);
  instance.log.info("{}{}", explain(instance, considered), says_so ? "" : "; skipping");
  return {};
}

Considered busy(Run run) {
  return {{}, {AlreadyRunning{std::move(run)}, {}}};
}

bool is_put_off(Instance& instance, const Request& request, const State& state) {
  if (request.force) return false;
  const auto why = deferred(instance, state);
  if (why) instance.log.info("{}", *why);
  return why.has_value();
}

void say_why(Instance& instance, const Considered& considered) {
  for (const auto& warning : instance.warnings) {
    instance.log.warn("{}", render::printable(warning));
  }
  instance.log.info("{}", explain(instance, considered));
  const auto* start = std::get_if<StartRun>(&considered.decision.action);
  if (start == nullptr || !start->lateness) return;
  const auto late = render::explain(*start->lateness);
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

}  // namespace spider_check::app
