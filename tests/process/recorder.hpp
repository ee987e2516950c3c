#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "process/child_program.hpp"
#include "process/temp_directory.hpp"
#include "schedule/spider.hpp"

namespace spider_check::test {

/** Keeps what a runner tells, and does what a test wants at each point. */
class Recorder final : public RunObserver {
 public:
  std::function<void()> at_start = [] {};
  std::function<void()> at_finish = [] {};
  std::function<void()> at_attend = [] {};
  std::function<PollRequest()> wanted = [] { return PollRequest{}; };
  std::function<std::uint64_t(const SpiderJob&)> mark = [](const SpiderJob&) { return 0; };
  std::function<CrawlPhase(const SpiderJob&)> phase_of = [](const SpiderJob&) {
    return CrawlPhase::crawling;
  };
  bool ours = true;  ///< what go_on() answers
  std::size_t at_once = 0;
  std::size_t max_at_once = 0;
  std::vector<std::string> events;  ///< "start a", "stop a", "finish a", …
  std::map<std::string, ChildReport> reports;

  void on_start(const SpiderJob& job) override {
    events.push_back("start " + job.name);
    max_at_once = std::max(max_at_once, ++at_once);
    at_start();
  }

  void on_stop(const SpiderJob& job, StopCause) override { events.push_back("stop " + job.name); }

  void on_finish(const SpiderJob& job, const ChildReport& report) override {
    events.push_back("finish " + job.name);
    --at_once;
    reports[job.name] = report;
    at_finish();
  }

  [[nodiscard]] std::uint64_t progress_mark(const SpiderJob& job) override { return mark(job); }

  [[nodiscard]] CrawlPhase phase(const SpiderJob& job) override { return phase_of(job); }

  [[nodiscard]] PollRequest poll_request() override { return wanted(); }

  void attend() override { at_attend(); }

  [[nodiscard]] bool go_on() override { return ours; }
};

/** A job that runs this program with these words, its log in the directory. */
inline SpiderJob job(const TempDirectory& directory, const std::string& name,
                     const std::vector<std::string>& words) {
  SpiderJob job;
  job.name = name;
  job.command = self(words);
  job.log = directory.path() / "logs" / name / "x.log";
  return job;
}

}  // namespace spider_check::test
