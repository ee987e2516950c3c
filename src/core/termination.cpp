#include "core/termination.hpp"

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

  std::string operator()(const NotStarted& end) const { return "not started: " + end.why; }
};

}  // namespace

std::string to_text(const Termination& termination) {
  return std::visit(Describe{}, termination);
}

}  // namespace spider_check
