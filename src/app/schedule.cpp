#include "app/schedule.hpp"

namespace spider_check::app {

namespace {

OwnerFate fate_of(const std::optional<Run>& run, const State& state, const OwnerProbe& owners,
                  Duration takeover_after) {
  if (!run || run->status != RunStatus::running || run->lock_held) return OwnerFate::unknown;
  const bool exists = is_neighbour(run->owner, owners.self()) && owners.exists(run->owner);
  return judge_owner(run->owner, owners.self(), exists, state.now - run->heartbeat, takeover_after);
}

}  // namespace

OwnerFates judge_owners(const State& state, const OwnerProbe& owners, Duration takeover_after) {
  return {fate_of(state.last, state, owners, takeover_after),
          fate_of(state.partial, state, owners, takeover_after)};
}

}  // namespace spider_check::app
