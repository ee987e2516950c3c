#include "app/attempt.hpp"

#include <algorithm>

#include "app/run_keeper.hpp"
#include "core/duration.hpp"
#include "core/file_name.hpp"
#include "core/termination.hpp"
#include "render/sentences.hpp"

namespace spider_check::app {

namespace {

/** Only the spiders that have not succeeded in this run, each with its log file. */
std::vector<SpiderJob> remaining(const Schedule& schedule, const Claim& claim,
                                 std::vector<SpiderJob> jobs) {
  const auto done =
      claim.attempt > 1 ? schedule.store.succeeded(claim.id) : std::vector<std::string>{};
  std::erase_if(jobs, [&](const auto& job) {
    return std::find(done.begin(), done.end(), job.name) != done.end();
  });
  for (auto& job : jobs) {
    job.log = log_path(schedule.log_dir, schedule.name, job.name, claim.id, claim.attempt);
  }
  return jobs;
}

std::string names(const std::vector<std::string>& spiders) {
  constexpr std::size_t most = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, spiders.size()); ++i) {
    text += (text.empty() ? "" : ", ") + render::printable(spiders[i]);
  }
  return spiders.size() > most ? text + ", …" : text;
}

/** Why the attempt failed, in words; empty when it did not. */
std::string failure(const SpiderList& list, const std::vector<std::string>& failed) {
  std::string text;
  if (!failed.empty()) {
    text = std::to_string(failed.size()) + " of " + std::to_string(list.jobs.size()) +
           " spiders failed (" + names(failed) + ")";
  }
  for (const auto& fault : list.faults) text += (text.empty() ? "" : "; ") + fault;
  return text;
}

RunEnd failed_end(const Schedule& schedule, const Claim& claim, std::string why) {
  return {RunStatus::failed, std::move(why), backoff(schedule.policy, claim.attempt)};
}

std::string what_next(const Schedule& schedule, const Claim& claim, const RunEnd& end) {
  if (claim.attempt >= schedule.policy.max_attempts) return "no attempts are left in this interval";
  return "retry is due in " + to_words(end.retry_after.value_or(Duration{0}));
}

Result end_interrupted(Schedule& schedule, RunKeeper& keeper, int signal) {
  const auto why = "interrupted by " + signal_name(signal);
  schedule.log.warn("Spider run {}; the next tick goes on with the rest", why);
  (void)keeper.finish({RunStatus::failed, why, Duration{0}});
  return {ExitCode::spider_failed, signal};
}

Result end(Schedule& schedule, const Claim& claim, RunKeeper& keeper, const std::string& why) {
  const auto end = why.empty() ? RunEnd{RunStatus::completed, {}, std::nullopt}
                               : failed_end(schedule, claim, why);
  const bool recorded = keeper.finish(end);
  if (keeper.lost()) return {ExitCode::spider_failed};
  if (!why.empty()) {
    schedule.log.error("Spider run failed: {}; {}", render::printable(why),
                       what_next(schedule, claim, end));
    return {ExitCode::spider_failed};
  }
  if (!recorded) return {ExitCode::database_unusable};
  schedule.log.info("Spider run completed successfully");
  return {ExitCode::success};
}

}  // namespace

Result carry_out(Schedule& schedule, const Claim& claim, SlotLock& lock,
                 const std::optional<SpiderList>& selected) {
  const auto list = selected ? *selected : list_spiders(schedule.sources);
  for (const auto& fault : list.faults) schedule.log.error("{}", render::printable(fault));
  const auto jobs = remaining(schedule, claim, list.jobs);
  schedule.store.set_spider_count(claim, static_cast<int>(list.jobs.size()));
  if (!jobs.empty()) schedule.log.info("Starting spider run for {} spider(s)", jobs.size());
  RunKeeper keeper(schedule, claim, lock, jobs.size());
  if (const int signal = schedule.runner.run_all(jobs, keeper); signal != 0) {
    return end_interrupted(schedule, keeper, signal);
  }
  return end(schedule, claim, keeper, failure(list, keeper.failed()));
}

}  // namespace spider_check::app
