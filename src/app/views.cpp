#include "app/views.hpp"

#include <cstdlib>
#include <string_view>

#include <unistd.h>

#include "app/line_view.hpp"
#include "app/live_view.hpp"

namespace spider_check::app {

namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : value;
}

/** A terminal that can move its cursor, with this program in the foreground. */
bool can_draw() {
  if (::isatty(STDERR_FILENO) == 0) return false;
  const auto kind = environment("TERM");
  return !kind.empty() && kind != "dumb" && Terminal(STDERR_FILENO).is_ours();
}

}  // namespace

std::unique_ptr<RunView> make_view(Log& log, const std::vector<SpiderJob>& jobs) {
  // -q asks for less than a table, -v for every line.
  if (log.least() != LogLevel::info || !can_draw()) {
    return std::make_unique<LineView>(log, jobs.size());
  }
  // https://no-color.org
  const bool colour = environment("NO_COLOR").empty();
  return std::make_unique<LiveView>(STDERR_FILENO, colour, log, jobs);
}

}  // namespace spider_check::app
