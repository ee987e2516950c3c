#include <algorithm>
#include <tuple>
#include <vector>

#include "support/memory_run_store.hpp"
#include "util/errors.hpp"

namespace spider_check::test {

namespace {

bool is_success(const Run& run) {
  return run.status == RunStatus::completed && !run.partial && run.spider_count > 0;
}

bool is_whole(const Run& run) {
  return !run.partial && (run.status != RunStatus::completed || run.spider_count > 0);
}

// The newest are looked at first, where a newer one mostly is.

/** Whether there is none of that kind that started later. */
template <typename Kind>
bool is_newest(const MemoryDatabase& database, const Run& run, Kind kind) {
  if (!kind(run)) return false;
  return std::none_of(database.runs.rbegin(), database.runs.rend(), [&](const auto& other) {
    return kind(other.run) && other.run.started <= database.now &&
           std::pair(other.run.started, other.run.id) > std::pair(run.started, run.id);
  });
}

bool failed(const RecordedOutcome& recorded) {
  return recorded.outcome.judgement.verdict == Verdict::failed;
}

TimePoint start_of(const RecordedOutcome& recorded) {
  return recorded.finished - recorded.outcome.child.took;
}

/** Whether the spider has no newer outcome that is as good, or as bad. */
bool is_newest(const MemoryDatabase& database, const RecordedOutcome& recorded) {
  return std::none_of(database.runs.rbegin(), database.runs.rend(), [&](const auto& row) {
    return std::any_of(row.outcomes.begin(), row.outcomes.end(), [&](const auto& other) {
      return other.outcome.spider == recorded.outcome.spider && failed(other) == failed(recorded) &&
             start_of(other) > start_of(recorded);
    });
  });
}

auto place(const Run& run) {
  return std::tuple(run.partial, run.started, run.id);
}

}  // namespace

bool MemoryRunStore::stays(const MemoryRun& row, const PruneStep& step) const {
  const auto& run = row.run;
  const bool going_on =
      run.status == RunStatus::running && run.heartbeat >= database_.now - step.age;
  return going_on || run.id == step.mark || is_newest(database_, run, is_success) ||
         is_newest(database_, run, is_whole) ||
         std::any_of(row.outcomes.begin(), row.outcomes.end(),
                     [&](const auto& recorded) { return is_newest(database_, recorded); });
}

Pruned MemoryRunStore::prune(PruneStep& step) {
  require_up();
  if (database_.refuses_pruning) throw DbError(DbError::Kind::statement, "it takes too long");
  std::vector<MemoryRun> old;
  for (const auto& row : database_.runs) {
    const auto after =
        std::tuple(step.by_hand, step.after.value_or(TimePoint::min()), step.after_id);
    if (row.run.started < database_.now - step.age && place(row.run) > after) old.push_back(row);
  }
  std::sort(old.begin(), old.end(),
            [](const auto& a, const auto& b) { return place(a.run) < place(b.run); });
  step.done = old.size() <= static_cast<std::size_t>(step.most);
  if (!step.done) old.resize(static_cast<std::size_t>(step.most));
  if (!old.empty()) {
    std::tie(step.by_hand, step.after, step.after_id) = place(old.back().run);
  }
  Pruned pruned;
  std::erase_if(old, [&](const auto& row) { return stays(row, step); });
  for (const auto& row : old) {
    ++pruned.runs;
    pruned.attempts += static_cast<std::int64_t>(row.outcomes.size());
  }
  if (!step.dry_run) {
    std::erase_if(database_.runs, [&](const auto& row) {
      return std::any_of(old.begin(), old.end(),
                         [&](const auto& gone) { return gone.run.id == row.run.id; });
    });
  }
  answer();
  return pruned;
}

}  // namespace spider_check::test
