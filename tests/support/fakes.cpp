#include "support/fakes.hpp"

namespace spider_check::test {

namespace {

class FakeMonitor final : public CrawlMonitor {
 public:
  explicit FakeMonitor(CrawlReport report) : report_(std::move(report)) {}

  [[nodiscard]] std::optional<Progress> progress() override {
    if (report_.source == CrawlSource::nobody) return std::nullopt;
    return report_.progress;
  }

  [[nodiscard]] CrawlPhase phase() const override { return CrawlPhase::crawling; }

  [[nodiscard]] CrawlReport report() override { return report_; }

 private:
  CrawlReport report_;
};

}  // namespace

std::unique_ptr<CrawlMonitor> FakeMonitors::watch(const SpiderJob& job) {
  return std::make_unique<FakeMonitor>(reports[job.name]);
}

RunCut FakeRunner::run_all(const std::vector<SpiderJob>& jobs, RunObserver& observer) {
  for (const auto& job : jobs) {
    started.push_back(job);
    observer.on_start(job);
    if (before_each) before_each(job);
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
