#include "run/retention.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>

#include "logs/run_logs.hpp"
#include "outbox/host_state.hpp"
#include "util/log.hpp"
#include "util/text.hpp"
#include "util/time.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

using namespace std::chrono_literals;

// A first time, with years of rows, takes longer: then it goes on after the next run.
constexpr auto patience_after_run = 3s;

RemovedLogs count(const std::vector<LogFile>& files) {
  RemovedLogs all{files.size(), 0};
  for (const auto& file : files) all.bytes += file.size;
  return all;
}

RemovedLogs remove_all(Instance& instance, const std::vector<LogFile>& files) {
  RemovedLogs removed;
  std::string failure;
  for (const auto& file : files) {
    const auto why = instance.logs.remove(file.path);
    if (!why.empty()) {
      if (failure.empty()) failure = why;
      continue;
    }
    ++removed.files;
    removed.bytes += file.size;
  }
  if (!failure.empty()) {
    instance.log.warn("{} old log file(s) could not be removed: {}", files.size() - removed.files,
                      printable(failure));
  }
  return removed;
}

void tidy_logs(Instance& instance) {
  try {
    const auto removed = remove_old_logs(instance, false);
    if (removed.files == 0) return;
    instance.log.debug("Removed {} old log file(s), {}", removed.files, size_words(removed.bytes));
  } catch (const std::exception& error) {
    instance.log.warn("Old logs were not removed: {}", printable(error.what()));
  }
}

void tidy_runs(Instance& instance) {
  try {
    const auto removed = remove_old_runs(instance, false, patience_after_run);
    if (removed.kept > 0) {
      const bool is_news = note_unremovable(instance, removed.cause);
      instance.log.at(is_news ? LogLevel::warning : LogLevel::debug, "{}", unremovable(removed));
    }
    if (removed.runs == 0) return;
    instance.log.debug("Removed {} old run(s) with {} attempt(s)", removed.runs, removed.attempts);
  } catch (const std::exception& error) {
    instance.log.warn("Old runs were not removed: {}", printable(error.what()));
  }
}

void tidy_messages(Instance& instance) {
  try {
    instance.tidy_messages();
  } catch (const std::exception& error) {
    instance.log.warn("Old messages were not removed: {}", printable(error.what()));
  }
}

}  // namespace

RemovedLogs remove_old_logs(Instance& instance, bool dry_run) {
  // First what is there: a log that is written from now on is not among it.
  auto files = instance.logs.list();
  if (files.empty()) return {};
  const auto failed = instance.store.newest_failed_logs();
  const auto too_old = instance.store.newest_run_before(instance.keep);
  const auto gone = logs_to_delete(std::move(files), failed, {too_old, instance.log_size});
  return dry_run ? count(gone) : remove_all(instance, gone);
}

Pruned remove_old_runs(Instance& instance, bool dry_run, std::optional<Duration> patience) {
  Pruned all;
  if (instance.keep <= Duration{0}) return all;
  PruneStep step;
  step.age = instance.keep;
  step.dry_run = dry_run;
  step.mark = instance.store.newest_run_before(instance.keep);
  const auto start = std::chrono::steady_clock::now();
  while (!step.done && (!patience || std::chrono::steady_clock::now() - start < *patience)) {
    const auto some = instance.store.prune(step);
    all.runs += some.runs;
    all.attempts += some.attempts;
    all.kept += some.kept;
    if (!all.why.empty()) continue;
    all.why = some.why;
    all.cause = some.cause;
  }
  return all;
}

std::string unremovable(const Pruned& pruned) {
  return counted(pruned.kept, "old run") + " cannot be removed: " + printable(pruned.why);
}

void tidy_up(Instance& instance) {
  // In this order: which logs are too old is known by the rows.
  tidy_logs(instance);
  tidy_runs(instance);
  tidy_messages(instance);
}

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

}  // namespace spider_check
