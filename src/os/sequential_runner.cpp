#include "os/sequential_runner.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>

#include <poll.h>

#include "os/child.hpp"
#include "os/log_file.hpp"
#include "os/signals.hpp"
#include "os/system_error.hpp"

namespace spider_check::os {

namespace {

using Clock = std::chrono::steady_clock;

// The heartbeat of a run (DESIGN: every 30 s).
constexpr auto pulse_interval = std::chrono::seconds(30);

/** Waits for one child at a time, for signals, and for the next pulse. */
class Watch {
 public:
  Watch(RunObserver& observer, Duration grace) : observer_(observer), grace_(grace) {}

  void wait_for(Child& child) {
    if (stopping()) stop(child);
    while (!has_ended(child)) react(child);
  }

  [[nodiscard]] bool stopping() const { return signal_ != 0 || lost_; }

  [[nodiscard]] int signal() const { return signal_; }

  [[nodiscard]] bool stopped_a_child() const { return kill_at_.has_value(); }

  /** A signal may come, and a pulse be due, between two children. */
  void between_children() {
    if (signal_ == 0) signal_ = signals_.take();
    pulse_if_due();
  }

 private:
  bool has_ended(const Child& child) {
    std::array<pollfd, 2> fds{{{child.fd(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}}};
    const auto next = kill_at_ ? std::min(*kill_at_, pulse_at_) : pulse_at_;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
    const int ready =
        ::poll(fds.data(), fds.size(), static_cast<int>(std::max<std::int64_t>(0, wait)));
    if (ready < 0 && errno != EINTR) throw system_error("cannot wait for a spider");
    return ready > 0 && fds[0].revents != 0;
  }

  void react(Child& child) {
    if (const int signal = signals_.take(); signal != 0) {
      if (stopping()) kill(child);
      signal_ = signal_ == 0 ? signal : signal_;
      stop(child);
    }
    pulse_if_due();
    if (lost_ && !kill_at_) stop(child);
    if (kill_at_ && Clock::now() >= *kill_at_) kill(child);
  }

  void kill(Child& child) {
    child.kill_group();
    kill_at_ = Clock::now() + std::chrono::seconds(1);
  }

  void stop(Child& child) {
    if (kill_at_) return;
    child.signal(SIGTERM);
    kill_at_ = Clock::now() + grace_;
  }

  void pulse_if_due() {
    if (Clock::now() < pulse_at_) return;
    pulse_at_ = Clock::now() + pulse_interval;
    if (!observer_.on_pulse()) lost_ = true;
  }

  RunObserver& observer_;
  Duration grace_;
  StopSignals signals_;
  Clock::time_point pulse_at_ = Clock::now() + pulse_interval;
  std::optional<Clock::time_point> kill_at_;
  int signal_ = 0;
  bool lost_ = false;
};

ChildReport run(const SpiderJob& job, Watch& watch) {
  const auto start = Clock::now();
  ChildReport report;
  try {
    const auto log = open_log(job.log);
    Child child({job.command, job.working_directory, log.get(), log.get()});
    watch.wait_for(child);
    report = child.reap();
    report.stopped = watch.stopped_a_child();
  } catch (const std::system_error& error) {
    report.termination = NotStarted{error.what()};
  }
  report.took = std::chrono::duration_cast<Duration>(Clock::now() - start);
  return report;
}

}  // namespace

int SequentialRunner::run_all(const std::vector<SpiderJob>& jobs, RunObserver& observer) {
  Watch watch(observer, grace_);
  for (const auto& job : jobs) {
    watch.between_children();
    if (watch.stopping()) break;
    observer.on_start(job);
    if (!observer.on_finish(job, run(job, watch))) break;
  }
  watch.between_children();
  return watch.signal();
}

}  // namespace spider_check::os
