#include "os/termination.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <span>

#include "util/text.hpp"

namespace spider_check {

using namespace std::chrono_literals;

std::string signal_name(int signal) {
  if (const char* name = ::sigabbrev_np(signal)) return std::string("SIG") + name;
  return "signal " + std::to_string(signal);
}

std::string to_text(const Termination& termination) {
  if (const auto* end = std::get_if<Exited>(&termination)) {
    return "exit status " + std::to_string(end->code);
  }
  if (const auto* end = std::get_if<Signaled>(&termination)) {
    return "killed by " + signal_name(end->signal) + (end->core_dumped ? " (core dumped)" : "");
  }
  if (const auto* end = std::get_if<NotStarted>(&termination)) {
    return "not started" + (end->why.empty() ? "" : ": " + end->why);
  }
  const auto& why = std::get<Unknown>(termination).why;
  return why.empty() ? "its end is not known" : why;
}

std::string to_text(const std::vector<LeftProcess>& left) {
  constexpr std::size_t max_named = 3;
  auto text = join(std::span(left).first(std::min(left.size(), max_named)), "; ",
                   [](const LeftProcess& process) {
                     return fmt::format("{}, pid {} is still alive ({})", process.name, process.pid,
                                        process.why);
                   });
  if (left.size() > max_named) text += fmt::format("; {} more", left.size() - max_named);
  return left.empty() ? "" : "could not be ended: " + text;
}

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
  pause_ = 10ms;
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
  pause_ = std::min<Duration>(2 * pause_, 500ms);
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
