#include "app/instance.hpp"

#include <algorithm>

#include "app/host_state.hpp"

namespace spider_check::app {

namespace {

struct Sight {
  OwnerStatus fate = OwnerStatus::unknown;
  std::optional<TimePoint> until;
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
  if (fate != OwnerStatus::unknown) return {fate, std::nullopt};
  return {fate, state.now + time_until_gone(signs, instance.takeover_after)};
}

}  // namespace

OwnerStatuses owner_statuses(const Instance& instance, const State& state) {
  const auto last = look_for(state.last, instance, state);
  const auto partial = look_for(state.partial, instance, state);
  return {last.fate, partial.fate, last.until, partial.until};
}

}  // namespace spider_check::app
