#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "core/ports.hpp"

namespace spider_check::test {

/** Runs nothing: each job ends at once, as the test says; success where it says nothing. */
class FakeRunner final : public SpiderRunner {
 public:
  std::map<std::string, Termination> ends;            ///< by spider
  std::function<void(const SpiderJob&)> before_each;  ///< called when a job starts
  int stop_signal = 0;                                ///< comes while the first job runs
  std::vector<SpiderJob> started;

  [[nodiscard]] int run_all(const std::vector<SpiderJob>& jobs, RunObserver& observer) override;
};

/** The spiders that a test names, or the fault that it gives. */
class FakeSource final : public SpiderSource {
 public:
  explicit FakeSource(std::vector<std::string> names) : spiders(std::move(names)) {}

  std::vector<std::string> spiders;
  std::string fault;

  [[nodiscard]] std::vector<SpiderJob> list() override;
};

/** One process among those that a test lets live. */
class FakeOwners final : public OwnerProbe {
 public:
  FakeOwners(Owner self, const std::set<int>& living_pids)
      : self_(std::move(self)), living_(living_pids) {}

  [[nodiscard]] const Owner& self() const override { return self_; }

  [[nodiscard]] bool exists(const Owner& neighbour) const override {
    return living_.contains(neighbour.pid);
  }

 private:
  Owner self_;
  const std::set<int>& living_;
};

}  // namespace spider_check::test
