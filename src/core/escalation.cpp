#include "core/escalation.hpp"

#include <algorithm>

namespace spider_check {

using namespace std::chrono_literals;

namespace {

constexpr Duration first_pause = 10ms;
constexpr Duration max_pause = 500ms;

}  // namespace

void Escalation::stop(Time now) {
  if (has_begun()) return;
  stage_ = Stage::told;
  next_ = now;
}

void Escalation::kill(Time now) {
  if (stage_ >= Stage::killed) return;
  stage_ = Stage::killed;
  next_ = now;
  give_up_at_ = now + kill_patience;
  pause_ = first_pause;
}

Escalation::Step Escalation::step(Time now) {
  if (!next_ || now < *next_) return Step::none;
  if (stage_ == Stage::told && told_ < 2) {
    next_ = now + graces_[told_++];
    return Step::terminate;
  }
  if (stage_ == Stage::told) kill(now);
  if (now >= give_up_at_) {
    stage_ = Stage::given_up;
    next_.reset();
    return Step::give_up;
  }
  next_ = std::min(now + pause_, give_up_at_);
  pause_ = std::min(2 * pause_, max_pause);
  return Step::kill;
}

}  // namespace spider_check
