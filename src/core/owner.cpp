#include "core/owner.hpp"

namespace spider_check {

bool is_neighbour(const Owner& owner, const Owner& self) {
  return owner.host == self.host && owner.boot_id == self.boot_id &&
         owner.pid_namespace == self.pid_namespace && !owner.host.empty();
}

OwnerFate judge_owner(const Owner& owner, const Owner& self, bool process_exists, Duration silence,
                      Duration takeover_after) {
  if (is_neighbour(owner, self)) return process_exists ? OwnerFate::alive : OwnerFate::gone;
  const bool same_host = !owner.host.empty() && owner.host == self.host && !owner.machine.empty() &&
                         owner.machine == self.machine;
  const bool same_host_rebooted =
      same_host && !owner.boot_id.empty() && owner.boot_id != self.boot_id;
  if (same_host_rebooted) return OwnerFate::gone;
  return silence > takeover_after ? OwnerFate::gone : OwnerFate::unknown;
}

}  // namespace spider_check
