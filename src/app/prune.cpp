#include "app/prune.hpp"

#include <cstdint>

#include "app/retention.hpp"
#include "core/duration.hpp"
#include "core/size.hpp"

namespace spider_check::app {

namespace {

/** "1 run", "12 runs" */
std::string counted(std::int64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

std::string prune(Instance& instance, bool dry_run) {
  // In this order: which logs are too old is known by the rows.
  const auto logs = remove_old_logs(instance, dry_run);
  const auto rows = remove_old_runs(instance, dry_run, std::nullopt);
  const std::string verb = dry_run ? "Would remove " : "Removed ";
  std::string text;
  if (rows.runs > 0) {
    text += verb + counted(rows.runs, "run") + " with " + counted(rows.attempts, "attempt") + "\n";
  }
  if (rows.kept > 0) text += unremovable(rows) + "\n";
  if (logs.files > 0) {
    text += verb + counted(static_cast<std::int64_t>(logs.files), "log file") + ", " +
            size_words(logs.bytes) + "\n";
  }
  if (!text.empty()) return text;
  return "Nothing to remove: nothing that may go is older than " + to_words(instance.keep) + "\n";
}

}  // namespace spider_check::app
