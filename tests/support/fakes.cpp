#include "support/fakes.hpp"

namespace spider_check::test {

int FakeRunner::run_all(const std::vector<SpiderJob>& jobs, RunObserver& observer) {
  for (const auto& job : jobs) {
    started.push_back(job);
    observer.on_start(job);
    if (before_each) before_each(job);
    ChildReport report;
    report.termination = ends.contains(job.name) ? ends.at(job.name) : Termination{Exited{0}};
    report.stopped = stop_signal != 0;
    const bool go_on = observer.on_finish(job, report);
    if (stop_signal != 0) return stop_signal;
    if (!go_on) return 0;
  }
  return 0;
}

std::vector<SpiderJob> FakeSource::list() {
  if (!fault.empty()) throw ListingError(fault);
  std::vector<SpiderJob> jobs;
  for (const auto& name : spiders) jobs.push_back({name, {"/bin/" + name}, {}, {}});
  return jobs;
}

}  // namespace spider_check::test
