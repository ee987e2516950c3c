#include "app/considered.hpp"

#include <system_error>
#include <utility>

#include "app/precheck.hpp"
#include "render/sentences.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

namespace {

/** What this database has not got. Throws DbError. */
std::vector<PendingAttempt> attempts_of(const Schedule& schedule) {
  std::vector<PendingAttempt> attempts;
  try {
    if (schedule.journal == nullptr || !schedule.journal->pending()) return {};
    attempts = schedule.journal->read().attempts;
  } catch (const std::system_error&) {
    // What is wrong with the journal is told when it is written to.
  }
  if (attempts.empty()) return attempts;
  const auto here = schedule.store.database();
  std::erase_if(attempts,
                [&](const auto& each) { return each.record.database.is_other_than(here); });
  return attempts;
}

}  // namespace

State read_state(const Schedule& schedule) {
  return merge(schedule.store.state(), attempts_of(schedule), schedule.owners.now());
}

std::optional<TimePoint> newest_success(const Schedule& schedule, const Glance& glance) {
  State state;
  state.now = glance.now;
  state.newest_success = glance.newest_success;
  return merge(state, attempts_of(schedule), schedule.owners.now()).newest_success;
}

Considered consider(const Schedule& schedule, const Request& request, State state) {
  const auto fates = judge_owners(schedule, state);
  auto decision = decide(state, schedule.policy, request, fates);
  return {std::move(state), std::move(decision)};
}

std::string explain(const Schedule& schedule, const Considered& considered) {
  return render::explain(considered.decision, schedule.policy, considered.state.now, schedule.zone);
}

Result skip(Schedule& schedule, const Request& request, const Considered& considered) {
  if (request.force) {
    schedule.log.error("{}; nothing is run", explain(schedule, considered));
    return {ExitCode::already_running};
  }
  const bool says_so = std::holds_alternative<RecentRun>(considered.decision.action);
  schedule.log.info("{}{}", explain(schedule, considered), says_so ? "" : "; skipping");
  return {};
}

Considered busy(Run run) {
  return {{}, {AlreadyRunning{std::move(run)}, {}}};
}

bool is_put_off(Schedule& schedule, const Request& request, const State& state) {
  if (request.force) return false;
  const auto why = deferred(schedule, state);
  if (why) schedule.log.info("{}", *why);
  return why.has_value();
}

void say_why(Schedule& schedule, const Considered& considered) {
  for (const auto& warning : schedule.warnings) {
    schedule.log.warn("{}", render::printable(warning));
  }
  schedule.log.info("{}", explain(schedule, considered));
  const auto* start = std::get_if<StartRun>(&considered.decision.action);
  if (start == nullptr || !start->lateness) return;
  const auto late = render::explain(*start->lateness);
  if (!late.empty()) schedule.log.info("{}", late);
}

}  // namespace spider_check::app
