#include "app/considered.hpp"

#include <system_error>
#include <utility>

#include "app/precheck.hpp"
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

}  // namespace spider_check::app
