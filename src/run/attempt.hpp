#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "run/claim.hpp"
#include "run/run_view.hpp"
#include "run/run_writer.hpp"
#include "run/spider_list.hpp"
#include "schedule/instance.hpp"
#include "schedule/spider.hpp"
#include "scrapy/crawl_monitor.hpp"

namespace spider_check {

/** Follows a run's spiders: watches each, judges how it ended, has it shown and written. */
class RunMonitor final : public RunObserver {
 public:
  /** All of them outlive the run_monitor. baselines: what is usual for each. */
  RunMonitor(Instance& instance, RunWriter& writer, RunView& view,
             std::map<std::string, Baseline> baselines);

  void on_start(const SpiderJob& job) override;
  void on_stop(const SpiderJob& job, StopCause cause) override;
  void on_finish(const SpiderJob& job, const ChildReport& report) override;
  [[nodiscard]] std::uint64_t progress_mark(const SpiderJob& job) override;
  [[nodiscard]] CrawlPhase phase(const SpiderJob& job) override;
  [[nodiscard]] PollRequest poll_request() override;
  void attend() override;
  [[nodiscard]] bool go_on() override;

  /** The names of the spiders that failed in this attempt. */
  [[nodiscard]] const std::vector<std::string>& failed() const noexcept { return failed_; }

  /** Of those that did not. */
  [[nodiscard]] const std::vector<std::string>& succeeded() const noexcept { return succeeded_; }

  /** How many spiders ended in this attempt. */
  [[nodiscard]] std::size_t finished() const noexcept { return finished_; }

 private:
  /** Where the database of a check_sql is away it is not waited for again for a while. */
  struct Away {
    RunView::Clock::time_point until;
    RowCount count;
  };

  [[nodiscard]] SpiderOutcome judged(const SpiderJob& job, const ChildReport& report);
  void count_rows(const SpiderJob& job, SpiderOutcome& outcome);
  [[nodiscard]] RowCount counted(const RowCheck& check);

  Instance& instance_;
  RunWriter& writer_;
  RunView& view_;
  std::map<std::string, Baseline> baselines_;
  std::map<std::string, CrawlMonitor> running_;              ///< by spider
  std::map<std::map<std::string, std::string>, Away> away_;  ///< by the connection's parameters
  std::vector<std::string> failed_;
  std::vector<std::string> succeeded_;
  std::size_t finished_ = 0;
  std::uint64_t unseen_ = 0;
};

/**
 * Carries out one attempt at a claimed run, from the list of spiders to its recorded end. A
 * database that goes away, or is not there at all, stops nothing.
 *
 * lock: the slot's lock in the database; not held where the claim is not in the database yet.
 * selected: the spiders that --spider named, already listed; empty: all that there are.
 */
[[nodiscard]] Result carry_out(Instance& instance, ClaimedAttempt claimed, SlotLock& lock,
                               const std::optional<SpiderList>& selected);

}  // namespace spider_check
