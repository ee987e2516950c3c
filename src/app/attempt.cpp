#include "app/attempt.hpp"

#include <algorithm>

#include "app/log_places.hpp"
#include "app/retention.hpp"
#include "app/run_keeper.hpp"
#include "app/run_writer.hpp"
#include "core/duration.hpp"
#include "core/errors.hpp"
#include "core/file_name.hpp"
#include "core/termination.hpp"
#include "render/sentences.hpp"

namespace spider_check::app {

namespace {

using namespace std::chrono_literals;

// A restart of PostgreSQL takes seconds, crash recovery or a reboot of its host a minute or two.
constexpr auto patience = 2min;
// Whoever asked this program to end does not wait for that.
constexpr auto patience_when_stopped = 5s;

// What is usual is what was usual lately.
constexpr int longest_history = 20;

/** Only the spiders that have not succeeded in this run, each with its log file. */
std::vector<SpiderJob> remaining(const Schedule& schedule, const Claim& claim,
                                 std::vector<SpiderJob> jobs, std::vector<std::string>& faults) {
  const auto done =
      claim.attempt > 1 ? schedule.store.succeeded(claim.id) : std::vector<std::string>{};
  std::erase_if(jobs, [&](const auto& job) {
    return std::find(done.begin(), done.end(), job.name) != done.end();
  });
  for (auto& job : jobs) {
    job.log = log_path(schedule.log_dir, schedule.name, job.name, claim.id, claim.attempt);
  }
  if (const auto fault = move_logs(schedule, jobs)) faults.push_back(*fault);
  for (auto& job : jobs) schedule.witnesses.prepare(job);
  return jobs;
}

/** What the past tells is worth a warning when it cannot be read, and no reason not to run. */
template <typename Read>
auto if_readable(const Schedule& schedule, Read&& read) -> decltype(read()) {
  try {
    return read();
  } catch (const DbError& error) {
    // Without a connection there is no run to be had either.
    if (error.kind() == DbError::Kind::connection) throw;
    schedule.log.warn("What spiders did before cannot be read: {}", error.what());
    return {};
  }
}

std::map<std::string, History> histories_of(const Schedule& schedule,
                                            const std::vector<SpiderJob>& jobs) {
  std::vector<std::string> crawls;
  for (const auto& job : jobs) {
    if (job.crawl) crawls.push_back(job.name);
  }
  if (crawls.empty()) return {};
  return if_readable(schedule, [&] { return schedule.store.histories(crawls, longest_history); });
}

/** Spiders that were run when the schedule last succeeded, and that no source offers any more. */
std::vector<std::string> gone(const Schedule& schedule, const SpiderList& list) {
  auto before = if_readable(schedule, [&] { return schedule.store.spiders_of_last_success(); });
  std::erase_if(before, [&](const auto& name) {
    return std::any_of(list.jobs.begin(), list.jobs.end(),
                       [&](const auto& job) { return job.name == name; });
  });
  if (before.empty()) return {};
  if (before.size() == 1) {
    return {"spider '" + render::list(before) +
            "' is gone: it was run last time, and is not listed any more"};
  }
  return {std::to_string(before.size()) + " spiders are gone (" + render::list(before) +
          "): they were run last time, and are not listed any more"};
}

/** One attempt, from its list of spiders to its recorded end. */
class Attempt {
 public:
  Attempt(Schedule& schedule, const Claim& claim, SlotLock& lock, SpiderList list)
      : schedule_(schedule),
        claim_(claim),
        list_(std::move(list)),
        writer_(schedule, claim, lock) {}

  Result run(bool whole) {
    for (const auto& fault : list_.faults) schedule_.log.error("{}", render::printable(fault));
    if (whole && list_.faults.empty()) missing_ = gone(schedule_, list_);
    missing_.insert(missing_.end(), list_.left_out.begin(), list_.left_out.end());
    for (const auto& what : missing_) schedule_.log.warn("{}", render::printable(what));
    jobs_ = remaining(schedule_, claim_, list_.jobs, missing_);
    schedule_.store.set_spider_count(claim_, static_cast<int>(list_.jobs.size()));
    auto histories = histories_of(schedule_, jobs_);
    if (!jobs_.empty()) {
      schedule_.log.info("Starting spider run for {} spider(s)", jobs_.size());
    }
    const auto view = schedule_.make_view(jobs_);
    view->begin(claim_);
    RunKeeper keeper(schedule_, writer_, *view, std::move(histories));
    const auto cut = schedule_.runner.run_all(jobs_, keeper);
    view->close();
    const bool all_done = keeper.finished() == jobs_.size() && keeper.failed().empty();
    if (cut.signal != 0 && !all_done) return end_interrupted(cut.signal);
    auto result = end(failure(keeper, cut));
    result.signal = cut.signal;
    // Whoever asked this program to end does not wait for that; the next run does it, too.
    if (recorded_ && cut.signal == 0) tidy_logs(schedule_);
    return result;
  }

 private:
  /** Why the attempt failed, in words; empty when it did not. */
  [[nodiscard]] std::string failure(const RunKeeper& keeper, const RunCut& cut) const {
    std::vector<std::string> reasons;
    if (const auto& failed = keeper.failed(); !failed.empty()) {
      reasons.push_back(std::to_string(failed.size()) + " of " + std::to_string(list_.jobs.size()) +
                        " spiders failed (" + render::list(failed) + ")");
    }
    const auto rest = jobs_.size() - keeper.finished();
    if (cut.timed_out && rest > 0) {
      reasons.push_back("the run took longer than its limit (run_timeout): " +
                        std::to_string(rest) + " spider(s) were not started");
    }
    reasons.insert(reasons.end(), list_.faults.begin(), list_.faults.end());
    std::string text;
    for (const auto& reason : reasons) text += (text.empty() ? "" : "; ") + reason;
    return text;
  }

  [[nodiscard]] std::vector<std::string> faults() const {
    auto all = list_.faults;
    all.insert(all.end(), missing_.begin(), missing_.end());
    return all;
  }

  [[nodiscard]] std::string what_next(const RunEnd& end) const {
    if (claim_.attempt >= schedule_.policy.max_attempts) {
      return "no attempts are left in this interval";
    }
    return "retry is due in " + to_words(end.retry_after.value_or(Duration{0}));
  }

  Result end_interrupted(int signal) {
    const auto why = "interrupted by " + signal_name(signal);
    schedule_.log.warn("Spider run {}; the next tick goes on with the rest", why);
    (void)writer_.finish({RunStatus::failed, why, faults(), Duration{0}}, patience_when_stopped);
    return {ExitCode::spider_failed, signal};
  }

  Result end(const std::string& why) {
    RunEnd end{RunStatus::completed, {}, faults(), std::nullopt};
    if (!why.empty()) {
      end.status = RunStatus::failed;
      end.failure = why;
      end.retry_after = backoff(schedule_.policy, claim_.attempt);
    }
    recorded_ = writer_.finish(end, patience);
    if (writer_.lost()) return {ExitCode::spider_failed};
    if (!why.empty()) {
      schedule_.log.error("Spider run failed: {}; {}", render::printable(why), what_next(end));
      return {ExitCode::spider_failed};
    }
    if (!recorded_) return {ExitCode::database_unusable};
    schedule_.log.info("Spider run completed successfully");
    return {ExitCode::success};
  }

  Schedule& schedule_;
  const Claim& claim_;
  SpiderList list_;
  std::vector<SpiderJob> jobs_;
  std::vector<std::string> missing_;
  RunWriter writer_;
  bool recorded_ = false;  ///< the end
};

}  // namespace

Result carry_out(Schedule& schedule, const Claim& claim, SlotLock& lock,
                 const std::optional<SpiderList>& selected) {
  auto list = selected ? *selected : list_spiders(schedule);
  return Attempt(schedule, claim, lock, std::move(list)).run(!selected);
}

}  // namespace spider_check::app
