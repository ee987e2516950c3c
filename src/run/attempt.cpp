#include "run/attempt.hpp"

#include <algorithm>
#include <unordered_set>

#include "logs/log_name.hpp"
#include "logs/run_logs.hpp"
#include "os/termination.hpp"
#include "outbox/host_state.hpp"
#include "run/claim.hpp"
#include "run/publication.hpp"
#include "run/retention.hpp"
#include "run/run_writer.hpp"
#include "run/verdict.hpp"
#include "schedule/sentences.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"
#include "util/time.hpp"

namespace spider_check {

namespace {

// With many spiders each try would hold the run up once more.
constexpr auto away_pause = std::chrono::seconds(10);

}  // namespace

RunMonitor::RunMonitor(Instance& instance, RunWriter& writer, RunView& view,
                       std::map<std::string, Baseline> baselines)
    : instance_(instance), writer_(writer), view_(view), baselines_(std::move(baselines)) {}

void RunMonitor::on_start(const SpiderJob& job) {
  writer_.starting(job);
  running_.try_emplace(job.name, job);
  view_.started(job);
}

void RunMonitor::on_stop(const SpiderJob& job, StopCause cause) {
  view_.stopping(job, cause);
}

SpiderOutcome RunMonitor::judged(const SpiderJob& job, const ChildReport& report) {
  SpiderOutcome outcome{job.name, report, std::nullopt, {}, job.log};
  auto crawl = running_.at(job.name).report();
  if (!job.crawl && crawl.source == CrawlSource::nobody) {
    outcome.judgement = judge(report);
    return outcome;
  }
  outcome.judgement = judge(report, crawl, job.criteria, baselines_[job.name]);
  outcome.crawl = std::move(crawl);
  return outcome;
}

/** Of what failed already it would say nothing new. */
void RunMonitor::count_rows(const SpiderJob& job, SpiderOutcome& outcome) {
  if (!job.row_check || outcome.judgement.verdict == Verdict::failed) return;
  const auto count = counted(*job.row_check);
  outcome.rows = count.rows;
  judge_rows(outcome.judgement, count, job.criteria, baselines_[job.name]);
}

RowCount RunMonitor::counted(const RowCheck& check) {
  auto& away = away_[check.database.parameters];
  if (RunView::Clock::now() < away.until) return away.count;
  auto count = instance_.count_rows(check);
  if (count.away) away = {RunView::Clock::now() + away_pause, count};
  return count;
}

void RunMonitor::on_finish(const SpiderJob& job, const ChildReport& report) {
  auto outcome = judged(job, report);
  count_rows(job, outcome);
  running_.erase(job.name);
  note_survivors(instance_, job.name, report.left);
  ++finished_;
  auto& names = outcome.judgement.verdict == Verdict::failed ? failed_ : succeeded_;
  names.push_back(job.name);
  view_.finished(job, outcome);
  writer_.add(std::move(outcome));
}

std::uint64_t RunMonitor::progress_mark(const SpiderJob& job) {
  auto& monitor = running_.at(job.name);
  const auto progress = monitor.progress();
  if (progress && monitor.phase() != CrawlPhase::over) {
    return static_cast<std::uint64_t>(progress->items + progress->pages + progress->errors);
  }
  // A crawl that does not tell how far it has come cannot be said to stand still.
  if (!progress && job.crawl) return ++unseen_;
  std::error_code ignored;
  return std::filesystem::file_size(job.log, ignored);
}

CrawlPhase RunMonitor::phase(const SpiderJob& job) {
  auto& monitor = running_.at(job.name);
  (void)monitor.progress();
  return monitor.phase();
}

PollRequest RunMonitor::poll_request() {
  auto poll_request = writer_.poll_request();
  if (const auto refresh = view_.next_refresh()) {
    poll_request.until = poll_request.until ? std::min(*poll_request.until, *refresh) : *refresh;
  }
  return poll_request;
}

void RunMonitor::attend() {
  writer_.attend();
  const auto refresh = view_.next_refresh();
  if (!refresh || RunView::Clock::now() < *refresh) return;
  for (auto& [name, monitor] : running_) {
    if (const auto progress = monitor.progress()) view_.progressed(monitor.job(), *progress);
  }
  view_.refresh();
}

bool RunMonitor::go_on() {
  return !writer_.lost();
}

namespace {

using namespace std::chrono_literals;

// A restart of PostgreSQL takes seconds, crash recovery or a reboot of its host a minute or two.
constexpr auto max_time_to_record = 2min;
// Whoever asked this program to end does not wait for that.
constexpr auto max_time_when_stopped = 5s;

constexpr auto no_attempts_left = "no attempts are left in this interval";

/** Reads from the database what is worth a warning when it cannot be read, and no reason not to
 * run. */
template <typename Read>
auto if_readable(const Instance& instance, RunWriter& writer, Read&& read) -> decltype(read()) {
  if (!writer.connected()) return {};
  try {
    return read();
  } catch (const DbError& error) {
    if (error.kind() == DbError::Kind::connection) {
      writer.failed(error);
    } else {
      instance.log.warn("What spiders did before cannot be read: {}", error.what());
    }
    return {};
  }
}

std::map<std::string, Baseline> baselines_of(const Instance& instance, RunWriter& writer,
                                             const std::vector<SpiderJob>& jobs) {
  // Of programs, too: one of them may turn out to be a crawl.
  std::vector<std::string> names;
  for (const auto& job : jobs) names.push_back(job.name);
  if (names.empty()) return {};
  return if_readable(instance, writer, [&] { return instance.store.baselines(names); });
}

/** Spiders that were run when the schedule last succeeded, and that no source offers any more. */
std::vector<std::string> gone(const Instance& instance, RunWriter& writer, const SpiderList& list) {
  auto before =
      if_readable(instance, writer, [&] { return instance.store.spiders_of_last_success(); });
  std::vector<std::string> names;
  for (const auto& job : list.jobs) names.push_back(job.name);
  if (auto other = shared_name_fault(instance, before, names); !other.empty()) return {other};
  const std::unordered_set<std::string> here(names.begin(), names.end());
  std::erase_if(before, [&](const auto& name) { return here.contains(name); });
  if (before.empty()) return {};
  if (before.size() == 1) {
    return {"spider '" + name_list(before) +
            "' is gone: it was run last time, and is not listed any more"};
  }
  return {std::to_string(before.size()) + " spiders are gone (" + name_list(before) +
          "): they were run last time, and are not listed any more"};
}

/** One attempt, from its list of spiders to its recorded end. */
class Attempt {
 public:
  Attempt(Instance& instance, ClaimedAttempt claimed, SlotLock& lock, SpiderList list)
      : instance_(instance),
        claimed_(std::move(claimed)),
        lock_(lock),
        list_(std::move(list)),
        writer_(instance, outbox_, lock, claimed_.in_database) {
    if (claimed_.in_database) outbox_.recorded(record_.claim.id, record_.database);
    // Before any spider starts: after a sleep, say, another host may have the run's lock by now.
    if (claimed_.lost_midway) writer_.try_now();
    if (claimed_.refused) writer_.claim_refused();
  }

  Result run(bool whole) {
    for (const auto& fault : list_.faults) instance_.log.error("{}", printable(fault));
    if (record_.claim.attempt > 1) done_ = succeeded_before();
    if (list_.stopped) return end_interrupted(claimed_.stops->take());
    if (whole && list_.faults.empty()) missing_ = gone(instance_, writer_, list_);
    missing_.insert(missing_.end(), list_.left_out.begin(), list_.left_out.end());
    for (const auto& what : missing_) instance_.log.warn("{}", printable(what));
    jobs_ = remaining();
    writer_.count(static_cast<int>(list_.jobs.size()), spiders_outlive(jobs_));
    auto baselines = baselines_of(instance_, writer_, jobs_);
    if (writer_.lost()) return end(not_started(jobs_.size()));
    if (!jobs_.empty()) {
      instance_.log.info("Starting spider run for {} spider(s)", jobs_.size());
    }
    const auto view = instance_.make_view(jobs_);
    view->begin(record_.claim);
    if (instance_.check_in && !record_.run.partial) instance_.check_in(record_.claim.uuid);
    RunMonitor run_monitor(instance_, writer_, *view, std::move(baselines));
    const auto cut = instance_.runner.run_all(jobs_, run_monitor);
    view->close();
    claimed_.stops.reset();
    done_.insert(done_.end(), run_monitor.succeeded().begin(), run_monitor.succeeded().end());
    const bool all_done = run_monitor.finished() == jobs_.size() && run_monitor.failed().empty();
    if (cut.signal != 0 && !all_done) return end_interrupted(cut.signal);
    auto result = end(failure(run_monitor, cut));
    result.signal = cut.signal;
    // Whoever asked this program to end does not wait for that; the next run does it, too.
    if (written_ != Written::database || cut.signal != 0) return result;
    let_go();
    publish(instance_);
    tidy_up(instance_);
    return result;
  }

 private:
  /** Nobody waits for what is done after the run. */
  void let_go() {
    try {
      lock_.release();
    } catch (const DbError&) {
      // The connection is gone, and the lock with it.
    }
  }

  /** Only the spiders that have not succeeded in this run, each with its log file. */
  [[nodiscard]] std::vector<SpiderJob> remaining() {
    auto jobs = list_.jobs;
    const std::unordered_set<std::string> done(done_.begin(), done_.end());
    std::erase_if(jobs, [&](const auto& job) { return done.contains(job.name); });
    const auto directory = log_directory(instance_);
    record_.log = free_log_name(instance_, record_.log, [this] { return newest_run(); });
    for (auto& job : jobs) {
      job.log = log_path(directory, job.name, record_.log);
    }
    if (const auto fault = move_logs(instance_, jobs)) missing_.push_back(*fault);
    const auto probe = instance_.probe();
    for (auto& job : jobs) add_report(job, probe);
    hold_back_survived(instance_, jobs);
    return jobs;
  }

  /** 0: the database cannot be asked. */
  [[nodiscard]] RunId newest_run() {
    return if_readable(instance_, writer_,
                       [&] { return instance_.store.newest_run_before(Duration{0}); });
  }

  /** By the database, which may not have all, and as far as this host knows. */
  [[nodiscard]] std::vector<std::string> succeeded_before() {
    auto names = claimed_.succeeded;
    if (!writer_.connected() || record_.claim.id == 0) return names;
    try {
      const auto recorded = instance_.store.succeeded(record_.claim.id);
      names.insert(names.end(), recorded.begin(), recorded.end());
    } catch (const DbError& error) {
      writer_.failed(error);
    }
    return names;
  }

  /** Why the attempt failed, in words; empty when it did not. */
  [[nodiscard]] std::string failure(const RunMonitor& run_monitor, const RunCut& cut) const {
    std::vector<std::string> reasons;
    if (const auto& failed = run_monitor.failed(); !failed.empty()) {
      reasons.push_back(std::to_string(failed.size()) + " of " + std::to_string(list_.jobs.size()) +
                        " spiders failed (" + name_list(failed) + ")");
    }
    const auto rest = jobs_.size() - run_monitor.finished();
    if (cut.timed_out && rest > 0) {
      reasons.push_back("the run took longer than its limit (run_timeout): " +
                        std::to_string(rest) + " spider(s) were not started");
    } else if (const auto why = not_started(rest); !why.empty()) {
      // Whatever kept them from it: a run of which something is left has not completed.
      reasons.push_back(why);
    }
    reasons.insert(reasons.end(), list_.faults.begin(), list_.faults.end());
    return join(reasons, "; ");
  }

  /** Empty when there is no such spider. */
  [[nodiscard]] std::string not_started(std::size_t rest) const {
    if (rest == 0) return {};
    return std::string(writer_.lost() ? "another process has the run" : "the run was cut short") +
           ": " + std::to_string(rest) + " spider(s) were not started";
  }

  [[nodiscard]] std::vector<std::string> faults() const {
    auto all = list_.faults;
    all.insert(all.end(), missing_.begin(), missing_.end());
    for (const auto* fault : {&claimed_.earlier, &outbox_.fault()}) {
      if (!fault->empty()) all.push_back(*fault);
    }
    return all;
  }

  Result end_interrupted(int signal) {
    const auto why = std::string(start_of_stop) + signal_name(signal);
    const auto& policy = instance_.policy;
    const bool goes_on = record_.claim.attempt < policy.max_attempts &&
                         least_age(record_.run_started, instance_.host.now()) < policy.interval;
    instance_.log.warn("Spider run {}; {}", why,
                       goes_on ? "the next tick goes on with the rest" : no_attempts_left);
    finish({RunStatus::failed, why, faults(), Duration{0}}, max_time_when_stopped);
    return {ExitCode::spider_failed, signal};
  }

  Result end(const std::string& why) {
    RunEnd end{RunStatus::completed, {}, faults(), std::nullopt};
    if (!why.empty()) {
      end.status = RunStatus::failed;
      end.failure = why;
      end.retry_after =
          retry_after(record_.claim.attempt, least_age(record_.run_started, instance_.host.now()),
                      instance_.policy);
    }
    finish(end, max_time_to_record);
    if (writer_.lost()) return {ExitCode::spider_failed};
    if (!why.empty()) {
      instance_.log.error(
          "Spider run failed: {}; {}", printable(why),
          end.retry_after ? "retry is due in " + to_words(*end.retry_after) : no_attempts_left);
      return {ExitCode::spider_failed};
    }
    if (written_ == Written::nowhere) return {ExitCode::database_unusable};
    instance_.log.info("Spider run completed successfully");
    return {ExitCode::success};
  }

  void finish(const RunEnd& end, Duration longest) {
    written_ = writer_.finish(end, longest);
    if (written_ != Written::database) return;
    note_recorded(instance_, record_, {end, instance_.host.now()}, done_);
    outbox_.forget();
    if (!instance_.journal.pending()) note_taken(instance_);
  }

  Instance& instance_;
  ClaimedAttempt claimed_;
  Outbox& outbox_{claimed_.outbox};
  AttemptRecord& record_{outbox_.attempt()};
  SlotLock& lock_;
  SpiderList list_;
  std::vector<SpiderJob> jobs_;
  std::vector<std::string> missing_;
  std::vector<std::string> done_;  ///< the spiders that have succeeded in this run
  RunWriter writer_;
  Written written_ = Written::nowhere;  ///< the end
};

}  // namespace

Result carry_out(Instance& instance, ClaimedAttempt claimed, SlotLock& lock,
                 const std::optional<SpiderList>& selected) {
  auto list = selected ? *selected : list_spiders(instance);
  return Attempt(instance, std::move(claimed), lock, std::move(list)).run(!selected);
}

}  // namespace spider_check
