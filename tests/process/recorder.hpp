#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/ports.hpp"
#include "process/child_program.hpp"
#include "process/temp_folder.hpp"

namespace spider_check::test {

/** Keeps what a runner tells, and does what a test wants at each point. */
class Recorder final : public RunObserver {
 public:
  std::function<void()> at_start = [] {};
  std::function<void()> at_finish = [] {};
  bool go_on = true;               ///< what a pulse answers
  bool go_on_after_finish = true;  ///< what the end of a child is answered with
  int pulses = 0;
  std::vector<std::string> events;  ///< "start a", "finish a", …
  std::map<std::string, ChildReport> reports;

  void on_start(const SpiderJob& job) override {
    events.push_back("start " + job.name);
    at_start();
  }

  [[nodiscard]] bool on_finish(const SpiderJob& job, const ChildReport& report) override {
    events.push_back("finish " + job.name);
    reports[job.name] = report;
    at_finish();
    return go_on_after_finish;
  }

  [[nodiscard]] bool on_pulse() override {
    ++pulses;
    return go_on;
  }
};

/** A job that runs this program with these words, its log in the folder. */
inline SpiderJob job(const TempFolder& folder, const std::string& name,
                     const std::vector<std::string>& words) {
  return {name, self(words), {}, folder.path() / "logs" / name / "x.log"};
}

}  // namespace spider_check::test
