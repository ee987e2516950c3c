#include "run/runner.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>
#include <list>
#include <optional>

#include <malloc.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "logs/log_files.hpp"
#include "os/descriptors.hpp"
#include "os/process_tree.hpp"
#include "os/signals.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

std::unique_ptr<Supervisor> start(const SpiderJob& job) {
  const auto log = open_log(job.log);
  return std::make_unique<Supervisor>(ChildOptions{job.command, job.working_directory, log.get(),
                                                   log.get(), job.environment, job.limits.nice},
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

namespace {

using Clock = std::chrono::steady_clock;

/**
 * Becomes readable when the host wakes up, or its wall clock is set. poll() waits for time awake
 * only. Nothing where that cannot be had: then it is noticed at the next deadline.
 */
FileDescriptor watch_clock() {
  FileDescriptor clock(Adopt{}, ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<time_t>::max();
  constexpr int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
  if (clock && ::timerfd_settime(clock.get(), flags, &never, nullptr) != 0) clock.close();
  return clock;
}

/** One run: what is going on, and what is to come. */
class Loop {
 public:
  Loop(const std::vector<SpiderJob>& jobs, RunObserver& observer, std::size_t concurrency,
       Duration run_timeout)
      : jobs_(jobs), observer_(observer), concurrency_(concurrency) {
    if (run_timeout > Duration{0}) deadline_ = Clock::now() + run_timeout;
  }

  RunCut run() {
    // A signal that came before counts, also where there is nothing to run.
    take_signal();
    start_more();
    while (!running_.empty()) {
      wait();
      observer_.attend();
      finish_ended();
      take_signal();
      check_deadlines();
      start_more();
    }
    take_signal();
    return cut_;
  }

 private:
  [[nodiscard]] bool ending() const { return cut_.signal != 0 || cut_.timed_out || lost_; }

  void wait() {
    const auto poll_request = observer_.poll_request();
    fds_.clear();
    fds_.push_back({signals_.fd(), POLLIN, 0});
    for (const auto& spider : running_) fds_.push_back({spider.fd(), POLLIN, 0});
    const int events = (poll_request.to_read ? POLLIN : 0) | (poll_request.to_write ? POLLOUT : 0);
    if (poll_request.fd >= 0) fds_.push_back({poll_request.fd, static_cast<short>(events), 0});
    // One that is not there is below 0, and poll() passes over it.
    fds_.push_back({clock_.get(), POLLIN, 0});
    auto until = sooner(poll_request.until, deadline_);
    for (const auto& spider : running_) until = sooner(until, spider.next_check());
    if (::poll(fds_.data(), fds_.size(), wait_until(until)) < 0 && errno != EINTR) {
      throw system_error("cannot wait for spiders");
    }
    // Only so that it is quiet again: what is due is found by the time.
    std::uint64_t times = 0;
    if (fds_.back().revents != 0) (void)!::read(clock_.get(), &times, sizeof times);
  }

  void take_signal() {
    while (const int signal = signals_.take()) {
      // The second one, of whichever kind, means at once.
      if (cut_.signal != 0) {
        for (auto& spider : running_) spider.kill();
      } else {
        cut_.signal = signal;
        stop_all(StopCause::run_stopped);
      }
    }
  }

  void stop_all(StopCause cause) {
    for (auto& spider : running_) spider.stop(cause);
  }

  void finish_ended() {
    // fds_ holds the spiders in the order of running_, behind the signals.
    std::size_t place = 1;
    for (auto spider = running_.begin(); spider != running_.end(); ++place) {
      if (!spider->attend(fds_[place].revents != 0)) {
        ++spider;
        continue;
      }
      const auto report = spider->reap();
      const auto& job = spider->job();
      spider = running_.erase(spider);
      observer_.on_finish(job, report);
    }
  }

  void check_deadlines() {
    const auto now = Clock::now();
    for (auto& spider : running_) spider.check(now);
    if (deadline_ && now >= *deadline_) {
      deadline_.reset();
      cut_.timed_out = true;
      stop_all(StopCause::run_timeout);
    }
    if (!lost_ && !observer_.go_on()) {
      lost_ = true;
      stop_all(StopCause::run_stopped);
    }
  }

  void start_more() {
    while (!ending() && running_.size() < concurrency_ && next_ < jobs_.size()) {
      start(jobs_[next_++]);
      take_signal();
      if (!lost_ && !observer_.go_on()) lost_ = true;
    }
    if (lost_) stop_all(StopCause::run_stopped);
  }

  void start(const SpiderJob& job) {
    observer_.on_start(job);
    try {
      if (!job.obstacle.empty()) return refuse(job, job.obstacle);
      running_.emplace_back(job, observer_);
    } catch (const std::system_error& error) {
      refuse(job, error.what());
    }
  }

  void refuse(const SpiderJob& job, const std::string& why) {
    ChildReport report;
    report.termination = NotStarted{why};
    observer_.on_finish(job, report);
  }

  const std::vector<SpiderJob>& jobs_;
  RunObserver& observer_;
  std::size_t concurrency_;
  StopSignals signals_;
  FileDescriptor clock_ = watch_clock();
  std::list<RunningSpider> running_;
  std::size_t next_ = 0;
  std::vector<pollfd> fds_;
  std::optional<Clock::time_point> deadline_;
  RunCut cut_;
  bool lost_ = false;
};

}  // namespace

RunCut LoopRunner::run_all(const std::vector<SpiderJob>& jobs, RunObserver& observer) {
  // What a supervisor that dies leaves becomes this program's.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // Each spider's start copies the table of all pages that are held.
  ::malloc_trim(0);
  return Loop(jobs, observer, static_cast<std::size_t>(concurrency_), run_timeout_).run();
}

}  // namespace spider_check
