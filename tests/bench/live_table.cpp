// live_table [SECONDS]: what the live table of a run of 200 spiders costs, at its real rate, on a
// terminal of 60 lines: while nothing happens but that all of them come further, and while
// something happens all the time. The goal is 1 % of one core; missing it is said, and is no
// failure.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "run/live_view.hpp"

namespace {

using namespace spider_check;
using Clock = RunView::Clock;

constexpr double goal = 1.0;  // percent

/** A terminal whose screen somebody else reads: that costs the program nothing. */
int open_terminal() {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) std::exit(1);
  const int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY);
  const winsize size{60, 160, 0, 0};
  ::ioctl(terminal, TIOCSWINSZ, &size);
  if (::fork() == 0) {
    ::close(terminal);
    char buffer[4096];
    while (::read(master, buffer, sizeof buffer) > 0) {
    }
    ::_exit(0);
  }
  ::close(master);
  return terminal;
}

std::vector<SpiderJob> make_jobs() {
  std::vector<SpiderJob> jobs(200);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    jobs[i].name = "spider_of_site_" + std::to_string(i);
    jobs[i].crawl = true;
  }
  return jobs;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/** What the runner does while spiders run. */
void measure(LiveView& view, const std::vector<SpiderJob>& jobs, bool eventful,
             std::chrono::seconds length) {
  const auto start = Clock::now();
  const auto cpu = cpu_seconds();
  int redraws = 0;
  while (Clock::now() < start + length) {
    std::this_thread::sleep_until(*view.next_refresh());
    for (const auto& job : jobs) view.progressed(job, {redraws * 3, redraws * 7, redraws % 5});
    view.refresh();
    if (eventful) view.stopping(jobs[static_cast<std::size_t>(redraws) % 200], StopCause::timeout);
    ++redraws;
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  const auto percent = 100 * (cpu_seconds() - cpu) / took.count();
  std::printf("%-24s %5.1f redraws/s %8.3f %% of one core   goal %.0f %%%s\n",
              eventful ? "something all the time" : "progress only", redraws / took.count(),
              percent, goal, percent < goal ? "" : "   MISSED");
}

}  // namespace

int main(int argc, char** argv) {
  const std::chrono::seconds length(argc > 1 ? std::max(1, std::atoi(argv[1])) : 10);
  const auto jobs = make_jobs();
  Log log(LogLevel::info, {});
  LiveView view(open_terminal(), {0, true}, log, jobs);
  for (const auto& job : jobs) view.started(job);
  measure(view, jobs, false, length);
  measure(view, jobs, true, length);
  return 0;
}
