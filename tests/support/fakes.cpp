#include "support/fakes.hpp"

#include <fstream>

namespace spider_check::test {

namespace {

/** As the probe does at the end of a crawl. */
void report(const SpiderJob& job, const Progress& progress) {
  std::ofstream(job.report) << R"({"kind": "end", "token": ")" << job.report_token
                            << R"(", "own": {"reason": "finished", "items": )" << progress.items
                            << R"(, "pages": )" << progress.pages << R"(, "errors": )"
                            << progress.errors << "}}\n";
}

}  // namespace

RunCut FakeRunner::run_all(const std::vector<SpiderJob>& jobs, RunObserver& observer) {
  for (const auto& job : jobs) {
    started.push_back(job);
    observer.on_start(job);
    if (before_each) before_each(job);
    if (crawls.contains(job.name)) report(job, crawls.at(job.name));
    ChildReport report;
    report.termination = ends.contains(job.name) ? ends.at(job.name) : Termination{Exited{0}};
    if (stop_signal != 0 && heeds_signal) report.stopped = StopCause::run_stopped;
    observer.on_finish(job, report);
    observer.attend();
    if (stop_signal != 0) return {stop_signal, false};
    if (timed_out) return {0, true};
    if (!observer.go_on()) return {};
  }
  return {};
}

Listing FakeSource::list() {
  if (while_listed) while_listed();
  if (!fault.empty()) throw ListingError(fault);
  Listing listing;
  listing.left_out = left_out;
  for (const auto& name : spiders) {
    SpiderJob job;
    job.name = name;
    job.command = {"/bin/" + name};
    job.crawl = crawls.contains(name);
    listing.jobs.push_back(std::move(job));
  }
  return listing;
}

}  // namespace spider_check::test
