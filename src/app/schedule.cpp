#include "app/schedule.hpp"

#include <algorithm>

#include "app/memory.hpp"

namespace spider_check::app {

namespace {

struct Sight {
  OwnerFate fate = OwnerFate::unknown;
  std::optional<TimePoint> until;
};

OwnerSigns signs_of(const Schedule& schedule, const Run& run, const State& state) {
  const auto& owners = schedule.owners;
  OwnerSigns signs;
  signs.process_exists = is_neighbour(run.owner, owners.self()) && owners.exists(run.owner);
  signs.silence = state.now - run.heartbeat;
  if (signs.silence < Duration{0}) signs.silence = unchanged_for(schedule, run);
  signs.uptime = owners.now().since_boot;
  signs.spiders_outlive = run.spiders_outlive;
  const auto since = state.server_since;
  if (since && *since <= state.now) signs.reachable = state.now - *since;
  return signs;
}

Sight look_for(const std::optional<Run>& run, const Schedule& schedule, const State& state) {
  if (!run || run->status != RunStatus::running || run->lock_held) return {};
  const auto signs = signs_of(schedule, *run, state);
  const auto fate = judge_owner(run->owner, schedule.owners.self(), signs, schedule.takeover_after);
  if (fate != OwnerFate::unknown) return {fate, std::nullopt};
  return {fate, state.now + time_until_gone(signs, schedule.takeover_after)};
}

}  // namespace

OwnerFates judge_owners(const Schedule& schedule, const State& state) {
  const auto last = look_for(state.last, schedule, state);
  const auto partial = look_for(state.partial, schedule, state);
  return {last.fate, partial.fate, last.until, partial.until};
}

}  // namespace spider_check::app
