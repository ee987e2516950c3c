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

}  // namespace spider_check
