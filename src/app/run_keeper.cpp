#include "app/run_keeper.hpp"

#include <algorithm>

#include "app/memory.hpp"

namespace spider_check::app {

namespace {

// With many spiders each try would hold the run up once more.
constexpr auto pause = std::chrono::seconds(10);

}  // namespace

RunKeeper::RunKeeper(Schedule& schedule, RunWriter& writer, RunView& view,
                     std::map<std::string, History> histories)
    : schedule_(schedule), writer_(writer), view_(view), histories_(std::move(histories)) {}

void RunKeeper::on_start(const SpiderJob& job) {
  writer_.starting(job);
  running_[job.name] = {&job, schedule_.witnesses.watch(job)};
  view_.started(job);
}

void RunKeeper::on_stop(const SpiderJob& job, StopCause cause) {
  view_.stopping(job, cause);
}

SpiderOutcome RunKeeper::judged(const SpiderJob& job, const ChildReport& report) {
  SpiderOutcome outcome{job.name, report, std::nullopt, {}, job.log};
  auto crawl = running_[job.name].witness->report();
  if (!job.crawl && crawl.source == CrawlSource::nobody) {
    outcome.judgement = judge(report);
    return outcome;
  }
  outcome.judgement = judge(report, crawl, job.criteria, histories_[job.name]);
  outcome.crawl = std::move(crawl);
  return outcome;
}

/** Of what failed already it would say nothing new. */
void RunKeeper::count_rows(const SpiderJob& job, SpiderOutcome& outcome) {
  if (!job.row_check || outcome.judgement.verdict == Verdict::failed) return;
  const auto count = counted(*job.row_check);
  outcome.rows = count.rows;
  judge_rows(outcome.judgement, count, job.criteria, histories_[job.name]);
}

RowCount RunKeeper::counted(const RowCheck& check) {
  auto& away = away_[check.database.parameters];
  if (RunView::Clock::now() < away.until) return away.count;
  auto count = schedule_.count_rows(check);
  if (count.away) away = {RunView::Clock::now() + pause, count};
  return count;
}

void RunKeeper::on_finish(const SpiderJob& job, const ChildReport& report) {
  auto outcome = judged(job, report);
  count_rows(job, outcome);
  running_.erase(job.name);
  note_survivors(schedule_, job.name, report.left);
  ++finished_;
  auto& names = outcome.judgement.verdict == Verdict::failed ? failed_ : succeeded_;
  names.push_back(job.name);
  view_.finished(job, outcome);
  writer_.add(std::move(outcome));
}

std::uint64_t RunKeeper::progress_mark(const SpiderJob& job) {
  auto& witness = *running_.at(job.name).witness;
  const auto progress = witness.progress();
  if (progress && witness.phase() != CrawlPhase::over) {
    return static_cast<std::uint64_t>(progress->items + progress->pages + progress->errors);
  }
  // A crawl that does not tell how far it has come cannot be said to stand still.
  if (!progress && job.crawl) return ++unseen_;
  std::error_code ignored;
  return std::filesystem::file_size(job.log, ignored);
}

CrawlPhase RunKeeper::phase(const SpiderJob& job) {
  auto& witness = *running_.at(job.name).witness;
  (void)witness.progress();
  return witness.phase();
}

Interest RunKeeper::interest() {
  auto interest = writer_.interest();
  if (const auto refresh = view_.next_refresh()) {
    interest.until = interest.until ? std::min(*interest.until, *refresh) : *refresh;
  }
  return interest;
}

void RunKeeper::attend() {
  writer_.attend();
  const auto refresh = view_.next_refresh();
  if (!refresh || RunView::Clock::now() < *refresh) return;
  for (const auto& [name, running] : running_) {
    if (const auto progress = running.witness->progress()) {
      view_.progressed(*running.job, *progress);
    }
  }
  view_.refresh();
}

bool RunKeeper::go_on() {
  return !writer_.lost();
}

}  // namespace spider_check::app
