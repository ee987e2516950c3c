#include "core/ports.hpp"

namespace spider_check {

bool may_wait(const std::optional<TimePoint>& newest_success, TimePoint now,
              Duration max_age) noexcept {
  return newest_success && now - *newest_success <= max_age;
}

}  // namespace spider_check
