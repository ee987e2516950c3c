#include "schedule/run.hpp"

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

std::string why_interrupted(const Run& run) {
  const auto& host = run.owner.host;
  const auto start = std::string(start_of_interruption);
  if (host.empty()) return start + "an unknown process is gone";
  if (run.power_cut) return start + host + std::string(end_of_power_cut);
  return start + host + ", pid " + std::to_string(run.owner.pid) + " is gone";
}

std::string_view word_of(const Run& run) {
  if (run.status != RunStatus::failed) return to_text(run.status);
  if (run.failure.starts_with(start_of_stop)) return "stopped";
  return run.failure.starts_with(start_of_interruption) ? "interrupted" : to_text(run.status);
}

std::string_view to_text(Trigger trigger) {
  return trigger == Trigger::tick ? "tick" : "force";
}

std::string of_attempt(int attempt) {
  return "attempt " + std::to_string(attempt) + ": ";
}

}  // namespace spider_check
