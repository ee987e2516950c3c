#include "app/run_monitor.hpp"

#include <algorithm>

#include "app/host_state.hpp"

namespace spider_check::app {

namespace {

// With many spiders each try would hold the run up once more.
constexpr auto away_pause = std::chrono::seconds(10);

}  // namespace

RunMonitor::RunMonitor(Instance& instance, RunWriter& writer, RunView& view,
                       std::map<std::string, Baseline> baselines)
    : instance_(instance), writer_(writer), view_(view), baselines_(std::move(baselines)) {}

void RunMonitor::on_start(const SpiderJob& job) {
  writer_.starting(job);
  running_[job.name] = {&job, instance_.monitors.watch(job)};
  view_.started(job);
}

void RunMonitor::on_stop(const SpiderJob& job, StopCause cause) {
  view_.stopping(job, cause);
}

SpiderOutcome RunMonitor::judged(const SpiderJob& job, const ChildReport& report) {
  SpiderOutcome outcome{job.name, report, std::nullopt, {}, job.log};
  auto crawl = running_[job.name].monitor->report();
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
  auto& monitor = *running_.at(job.name).monitor;
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
  auto& monitor = *running_.at(job.name).monitor;
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
  for (const auto& [name, running] : running_) {
    if (const auto progress = running.monitor->progress()) {
      view_.progressed(*running.job, *progress);
    }
  }
  view_.refresh();
}

bool RunMonitor::go_on() {
  return !writer_.lost();
}

}  // namespace spider_check::app
