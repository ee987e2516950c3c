#include "os/termination.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>

namespace spider_check {

std::string signal_name(int signal) {
  if (const char* name = ::sigabbrev_np(signal)) return std::string("SIG") + name;
  return "signal " + std::to_string(signal);
}

namespace {

struct Describe {
  std::string operator()(const Exited& end) const {
    return "exit status " + std::to_string(end.code);
  }

  std::string operator()(const Signaled& end) const {
    return "killed by " + signal_name(end.signal) + (end.core_dumped ? " (core dumped)" : "");
  }

  std::string operator()(const NotStarted& end) const {
    return "not started" + (end.why.empty() ? "" : ": " + end.why);
  }

  std::string operator()(const Unknown& end) const {
    return end.why.empty() ? "its end is not known" : end.why;
  }
};

}  // namespace

std::string to_text(const Termination& termination) {
  return std::visit(Describe{}, termination);
}

std::string to_text(const std::vector<LeftProcess>& left) {
  constexpr std::size_t max_named = 3;
  std::string text;
  for (std::size_t i = 0; i < left.size() && i < max_named; ++i) {
    const auto& process = left[i];
    text += (i == 0 ? "could not be ended: " : "; ") + process.name + ", pid " +
            std::to_string(process.pid) + " is still alive (" + process.why + ")";
  }
  if (left.size() > max_named) text += "; " + std::to_string(left.size() - max_named) + " more";
  return text;
}

using namespace std::chrono_literals;

namespace {

constexpr Duration first_wait = 10ms;
constexpr Duration max_wait = 500ms;

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
  pause_ = first_wait;
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
  pause_ = std::min(2 * pause_, max_wait);
  return Step::kill;
}

std::string to_verb(const Termination& termination) {
  if (const auto* signaled = std::get_if<Signaled>(&termination)) {
    return "was killed by " + signal_name(signaled->signal);
  }
  if (const auto* exited = std::get_if<Exited>(&termination)) {
    return "exited with " + std::to_string(exited->code);
  }
  return to_text(termination);
}

}  // namespace spider_check
