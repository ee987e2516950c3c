#include "report/report.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace spider_check {

namespace {

/** One stale time, and what is known of it: what comes first counts before the rest. */
class StaleTime {
 public:
  explicit StaleTime(TimePoint from) : from_(from) {}

  void add(const std::vector<Delay>& delays, TimePoint start) {
    for (const auto& each : delays) {
      known_.push_back({start - each.from, start - each.to, each.cause, each.detail});
    }
  }

  /** From then on it was tried, and did not succeed. */
  void tried(TimePoint from, DelayCause cause, const std::string& why) {
    if (tries_.empty() || tries_.back().cause != cause) {
      if (!tries_.empty()) tries_.back().to = from;
      tries_.push_back({from, from, cause, ""});
    }
    // Of a run that goes on it is not known yet; a machine that was off needs no other word.
    if (!why.empty() && cause != DelayCause::off) tries_.back().detail = why;
  }

  /** Appends the pieces, the oldest first. */
  void pieces(TimePoint to, bool open, std::vector<Gap>& gaps) {
    if (to - from_ < min_gap) return;
    if (!tries_.empty()) tries_.back().to = to;
    known_.insert(known_.end(), tries_.begin(), tries_.end());
    std::set<TimePoint> edges{from_, to};
    for (const auto& each : known_) {
      for (const auto edge : {each.from, each.to}) {
        if (edge > from_ && edge < to) edges.insert(edge);
      }
    }
    const auto first = gaps.size();
    for (auto edge = edges.begin(); std::next(edge) != edges.end(); ++edge) {
      append(piece(*edge, *std::next(edge)), first, gaps);
    }
    // Shorter ones are the wait for the next tick, and no cause of their own.
    const auto is_short = [](const Gap& gap) {
      return gap.cause == DelayCause::unknown && gap.to - gap.from < min_gap;
    };
    gaps.erase(
        std::remove_if(gaps.begin() + static_cast<std::ptrdiff_t>(first), gaps.end(), is_short),
        gaps.end());
    if (open && gaps.size() > first) gaps.back().open = true;
  }

 private:
  [[nodiscard]] Gap piece(TimePoint from, TimePoint to) const {
    for (const auto& each : known_) {
      if (each.from <= from && each.to >= to) return {from, to, each.cause, each.detail};
    }
    return {from, to, DelayCause::unknown, ""};
  }

  static void append(Gap gap, std::size_t first, std::vector<Gap>& gaps) {
    if (gaps.size() > first && gaps.back().cause == gap.cause && gaps.back().detail == gap.detail) {
      gaps.back().to = gap.to;
    } else {
      gaps.push_back(std::move(gap));
    }
  }

  TimePoint from_;
  std::vector<Gap> known_;
  std::vector<Gap> tries_;
};

/** Goes through the runs, which outlive it, from the oldest on. */
class Finder {
 public:
  explicit Finder(const Policy& policy) : policy_(policy) {}

  void see(const RunRecord& record) {
    const auto& run = record.run;
    if (run.partial) return;
    running_ = run.status == RunStatus::running ? &run : nullptr;
    begin(due(record), run.started);
    if (stale_) stale_->add(record.delays, run.started);
    if (run.status == RunStatus::completed) {
      // Its data is of its last attempt; until then it was failing.
      const bool at_once = run.attempt == 1 || !run.finished;
      if (!at_once) fail(record);
      end(at_once ? run.started : *run.finished);
      due_ = run.started + policy_.interval;
    } else if (running_ != nullptr) {
      if (run.attempt > 1) fail(record);
    } else {
      if (!due_) due_ = run.started;
      fail(record);
    }
  }

  std::vector<Gap> finish(TimePoint now, const std::vector<Delay>& current) {
    // A first attempt that goes on may end it from its start on; what is tried again has failed.
    const bool mending = running_ != nullptr && running_->attempt == 1;
    if (mending) {
      end(running_->started);
      return std::move(gaps_);
    }
    if (due_) begin(due_, now);
    if (stale_) {
      stale_->add(current, now);
      stale_->pieces(now, true, gaps_);
    }
    return std::move(gaps_);
  }

 private:
  [[nodiscard]] std::optional<TimePoint> due(const RunRecord& record) const {
    // The interval may have been another one then.
    if (record.late) return record.run.started - *record.late;
    return due_;
  }

  void begin(const std::optional<TimePoint>& due, TimePoint start) {
    if (!stale_ && due && *due < start) stale_.emplace(*due);
  }

  void fail(const RunRecord& record) {
    // A run that was forced may fail while the data is fresh.
    const auto from = std::max(record.run.started, due_.value_or(record.run.started));
    if (!stale_) stale_.emplace(from);
    const auto why = earlier_failure(record);
    // While it is tried again its spiders alone tell.
    const bool only_stopped = why.empty() && record.stopped > 0 && record.stopped == record.failed;
    stale_->tried(from, only_stopped ? DelayCause::stopped : cause_of(why), why);
  }

  /** Of a run that was tried again, what its faults say of the attempt before. */
  [[nodiscard]] static std::string earlier_failure(const RunRecord& record) {
    if (!record.run.failure.empty()) return record.run.failure;
    for (const auto& fault : record.faults) {
      const auto start = of_attempt(record.run.attempt - 1);
      if (fault.starts_with(start)) return fault.substr(start.size());
    }
    return {};
  }

  void end(TimePoint to) {
    if (stale_) stale_->pieces(to, false, gaps_);
    stale_.reset();
  }

  const Policy& policy_;
  std::optional<TimePoint> due_;
  std::optional<StaleTime> stale_;
  const Run* running_ = nullptr;  ///< the newest one, if it goes on
  std::vector<Gap> gaps_;
};

}  // namespace

std::vector<Gap> find_gaps(const std::vector<RunRecord>& runs, const Policy& policy,
                           TimePoint since, TimePoint now, const std::vector<Delay>& current) {
  Finder finder(policy);
  for (auto record = runs.rbegin(); record != runs.rend(); ++record) finder.see(*record);
  auto gaps = finder.finish(now, current);
  gaps.erase(
      std::remove_if(gaps.begin(), gaps.end(), [&](const Gap& gap) { return gap.to <= since; }),
      gaps.end());
  for (auto& gap : gaps) gap.from = std::max(gap.from, since);
  std::reverse(gaps.begin(), gaps.end());
  return gaps;
}

}  // namespace spider_check
