#include "os/running_spider.hpp"

#include <algorithm>

#include "os/log_file.hpp"

namespace spider_check::os {

using namespace std::chrono_literals;

namespace {

std::unique_ptr<Supervisor> start(const SpiderJob& job) {
  const auto log = open_log(job.log);
  return std::make_unique<Supervisor>(ChildOptions{job.command, job.working_directory, log.get(),
                                                   log.get(), job.environment, job.nice},
                                      job.limits);
}

/** How often progress is looked for: often enough to notice a stall not much too late. */
Duration look_interval(const SpiderLimits& limits) {
  return std::clamp<Duration>(limits.stall_timeout / 8, 50ms, 5s);
}

}  // namespace

RunningSpider::RunningSpider(const SpiderJob& job, RunObserver& observer)
    : job_(job),
      observer_(observer),
      started_(Clock::now()),
      supervisor_(start(job)),
      last_progress_(started_),
      last_look_(started_) {}

std::optional<RunningSpider::Clock::time_point> RunningSpider::next_check() const {
  auto next = supervisor_->next();
  if (stopped_ != StopCause::none) return next;
  const auto& limits = job_.limits;
  if (limits.timeout > 0s) next = sooner(next, started_ + limits.timeout);
  if (limits.stall_timeout > 0s) next = sooner(next, last_look_ + look_interval(limits));
  return next;
}

void RunningSpider::check(Clock::time_point now) {
  if (stopped_ != StopCause::none) return;
  const auto& limits = job_.limits;
  if (limits.timeout > 0s && now >= started_ + limits.timeout) return stop_late(StopCause::timeout);
  if (limits.stall_timeout > 0s && now >= last_look_ + look_interval(limits)) {
    look_for_progress(now);
  }
}

void RunningSpider::look_for_progress(Clock::time_point now) {
  last_look_ = now;
  const auto mark = observer_.progress_mark(job_);
  // Uploads and browsers take their time; only the timeout is theirs.
  if (mark != mark_ || observer_.phase(job_) == CrawlPhase::closing) last_progress_ = now;
  mark_ = mark;
  if (now - last_progress_ >= job_.limits.stall_timeout) stop_late(StopCause::stall);
}

void RunningSpider::stop_late(StopCause cause) {
  stop(observer_.phase(job_) == CrawlPhase::over ? StopCause::stayed : cause);
}

void RunningSpider::stop(StopCause cause) {
  if (stopped_ != StopCause::none) return;
  stopped_ = cause;
  supervisor_->stop();
  observer_.on_stop(job_, cause);
}

ChildReport RunningSpider::reap() {
  auto report = supervisor_->reap();
  report.stopped = stopped_;
  report.took = std::chrono::duration_cast<Duration>(Clock::now() - started_);
  return report;
}

}  // namespace spider_check::os
