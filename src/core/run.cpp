#include "core/run.hpp"

namespace spider_check {

std::string_view to_text(RunStatus status) {
  switch (status) {
    case RunStatus::running:
      return "running";
    case RunStatus::completed:
      return "completed";
    case RunStatus::failed:
      return "failed";
  }
  return "failed";
}

std::optional<RunStatus> parse_run_status(std::string_view text) {
  for (const auto status : {RunStatus::running, RunStatus::completed, RunStatus::failed}) {
    if (text == to_text(status)) return status;
  }
  return std::nullopt;
}

std::string_view to_text(Trigger trigger) {
  return trigger == Trigger::tick ? "tick" : "force";
}

}  // namespace spider_check
