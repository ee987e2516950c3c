#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "app/instance.hpp"
#include "app/run_view.hpp"
#include "app/tick.hpp"
#include "support/fake_journal.hpp"
#include "support/fakes.hpp"
#include "support/memory_run_store.hpp"

namespace spider_check::test {

/** A machine that shares a database with others: one process of ours, and what it logs. */
class TestHost {
 public:
  explicit TestHost(MemoryDatabase& database, const std::string& name = "laptop", int pid = 4711,
                    int max_instances = 1)
      : host_({name, "boot of " + name, 1, pid, 99}, living),
        store(database, max_instances, host_.self()),
        log_(app::LogLevel::debug, [this](auto level, auto& line) { write(level, line); }),
        schedule{"default",
                 {},
                 ScheduleKeys{}.takeover_after,
                 "/logs",
                 store,
                 host_,
                 {&source},
                 runner,
                 monitors,
                 render::Zone("UTC"),
                 log_,
                 {},
                 [this](const std::vector<SpiderJob>& jobs) {
                   return std::make_unique<app::LineView>(log_, jobs.size());
                 }} {
    living.insert(pid);
    schedule.precheck_max_age = ScheduleKeys{}.precheck_max_age;
  }

  app::Result tick(const Request& request = {}) { return spider_check::app::tick(schedule, request); }

  /** From now on it keeps a journal on this disk, which outlives it. */
  void keep_journal(FakeDisk& disk) {
    journal_.emplace(disk);
    schedule.journal = &*journal_;
  }

  /** This host's clocks. */
  HostTime& clock() { return host_.clock; }

  [[nodiscard]] bool logged(const std::string& text) const {
    return text_.find(text) != std::string::npos;
  }

  [[nodiscard]] std::string logged_text() const { return text_; }

  [[nodiscard]] std::vector<std::string> spiders_run() const {
    std::vector<std::string> names;
    for (const auto& job : runner.started) names.push_back(job.name);
    return names;
  }

 private:
  /** "warning TEXT": as the log of a program has it, without the time. */
  void write(app::LogLevel level, const std::string& line) {
    constexpr std::array names{"debug", "info", "warning", "error"};
    text_ += std::string(names.at(static_cast<std::size_t>(level))) + ' ' + line + '\n';
  }

  std::string text_;
  FakeOwners host_;
  std::optional<FakeJournal> journal_;

 public:
  std::set<int> living;
  FakeSource source{{"a", "b", "c"}};
  FakeRunner runner;
  FakeMonitors monitors;
  MemoryRunStore store;

 private:
  app::Log log_;

 public:
  app::Instance schedule;
};

/** The only run that there is. Throws std::logic_error where there are others, or none. */
inline const Run& only_run(const MemoryDatabase& database) {
  if (database.runs.size() == 1) return database.runs.front().run;
  throw std::logic_error("there are " + std::to_string(database.runs.size()) + " runs");
}

}  // namespace spider_check::test
