#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "schedule/spider.hpp"
#include "util/errors.hpp"

namespace spider_check::test {

/** Runs nothing: each job ends at once, as the test says; success where it says nothing. */
class FakeRunner final : public SpiderRunner {
 public:
  std::map<std::string, Termination> ends;  ///< by spider
  std::map<std::string, Progress> crawls;   ///< by spider; what the probe reports at its end
  std::function<void(const SpiderJob&)> before_each;  ///< called when a job starts
  int stop_signal = 0;                                ///< comes while the first job runs
  bool heeds_signal = true;                           ///< the job is stopped by it
  bool timed_out = false;                             ///< the run is, after its first job
  std::vector<SpiderJob> started;

  [[nodiscard]] RunCut run_all(const std::vector<SpiderJob>& jobs, RunObserver& observer) override;
};

/** The spiders that a test names, or the fault that it gives. */
class FakeSource final : public SpiderSource {
 public:
  explicit FakeSource(std::vector<std::string> names) : spiders(std::move(names)) {}

  std::vector<std::string> spiders;
  std::set<std::string> crawls;  ///< which of them are crawls
  std::string fault;
  std::vector<std::string> left_out;
  std::function<void()> while_listed;  ///< may throw

  [[nodiscard]] Listing list() override;
};

/** Objects, or does not, as a test says. */
struct FakePrecheck {
  std::optional<std::string> answer;
  int asked = 0;

  [[nodiscard]] std::optional<std::string> operator()() {
    ++asked;
    return answer;
  }
};

/** One process among those that a test lets live. */
class FakeOwners final : public Host {
 public:
  FakeOwners(Owner self, const std::set<int>& living_pids)
      : self_(std::move(self)), living_(living_pids) {}

  [[nodiscard]] const Owner& self() const override { return self_; }

  [[nodiscard]] bool exists(const Owner& neighbour) const override {
    return living_.contains(neighbour.pid);
  }

  [[nodiscard]] bool is_alive(int pid, std::int64_t /*start*/) const override {
    return living_.contains(pid);
  }

  [[nodiscard]] HostTime now() const override { return clock; }

  [[nodiscard]] std::string new_uuid() const override {
    return self_.host + "-" + std::to_string(self_.pid) + "-" + std::to_string(++uuids_);
  }

  HostTime clock{"boot", std::chrono::hours(100), Duration{0},
                 TimePoint(std::chrono::hours(400'000))};

 private:
  Owner self_;
  const std::set<int>& living_;
  mutable int uuids_ = 0;
};

}  // namespace spider_check::test
