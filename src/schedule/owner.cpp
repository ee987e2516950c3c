#include "schedule/owner.hpp"

#include <algorithm>

namespace spider_check {

namespace {

using namespace std::chrono_literals;

// An owner whose server starts tries every other second to get its run back.
constexpr Duration time_to_return = 5s;

/** What systemd takes for one: "uninitialized", say, is what every copy of an image has. */
bool is_machine_id(const std::string& text) {
  constexpr std::size_t length = 32;
  return text.size() == length &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos &&
         text.find_first_not_of('0') != std::string::npos;
}

}  // namespace

bool same_pid_namespace(const Owner& owner, const Owner& self) {
  return owner.boot_id == self.boot_id && owner.pid_namespace == self.pid_namespace &&
         !owner.boot_id.empty() && owner.pid_namespace != 0;
}

Duration time_until_gone(const OwnerSigns& signs, Duration takeover_after) {
  const auto longest = std::max(takeover_after, signs.spiders_outlive);
  return std::max(longest - signs.silence, time_to_return - signs.reachable);
}

bool is_of_former_boot(const Owner& owner, const Owner& self, const OwnerSigns& signs) {
  const bool same_machine = is_machine_id(owner.machine) && owner.machine == self.machine;
  const bool other_boot = !owner.boot_id.empty() && owner.boot_id != self.boot_id;
  return same_machine && other_boot && signs.silence >= signs.uptime;
}

OwnerStatus owner_status(const Owner& owner, const Owner& self, const OwnerSigns& signs,
                         Duration takeover_after) {
  if (same_pid_namespace(owner, self)) {
    return signs.process_exists ? OwnerStatus::alive : OwnerStatus::gone;
  }
  if (is_of_former_boot(owner, self, signs)) return OwnerStatus::gone;
  return time_until_gone(signs, takeover_after) < 0s ? OwnerStatus::gone : OwnerStatus::unknown;
}

}  // namespace spider_check
