#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "logs/log_directory.hpp"
#include "process/temp_directory.hpp"
#include "run/run_view.hpp"
#include "run/tick.hpp"
#include "schedule/instance.hpp"
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
        journal_(disk_, max_instances),
        store(database, max_instances, host_.self()),
        log_(LogLevel::debug, [this](auto level, auto& line) { write(level, line); }),
        schedule{.name = "default",
                 .policy = {},
                 .takeover_after = ScheduleKeys{}.takeover_after,
                 .store = store,
                 .journal = journal_,
                 .logs = logs,
                 .host = host_,
                 .runner = runner,
                 .probe = [] { return std::filesystem::path("/probe"); },
                 .log = log_,
                 .zone = Zone("UTC"),
                 .sources = {&source},
                 .make_view =
                     [this](const std::vector<SpiderJob>& jobs) {
                       return std::make_unique<LineView>(log_, jobs.size());
                     },
                 .on_database_error = OnDatabaseError::skip} {
    living.insert(pid);
    schedule.precheck_max_age = ScheduleKeys{}.precheck_max_age;
  }

  Result tick(const Request& request = {}) { return spider_check::tick(schedule, request); }

  /** From now on its journal is on this disk, which outlives it, and it runs without a database. */
  void keep_journal(FakeDisk& disk) {
    journal_.use(disk);
    schedule.on_database_error = OnDatabaseError::run;
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
  void write(LogLevel level, const std::string& line) {
    constexpr std::array names{"debug", "info", "warning", "error"};
    text_ += std::string(names.at(static_cast<std::size_t>(level))) + ' ' + line + '\n';
  }

  std::string text_;
  FakeOwners host_;
  FakeDisk disk_;  ///< until a test gives another one
  FakeJournal journal_;

 public:
  std::set<int> living;
  FakeSource source{{"a", "b", "c"}};
  FakeRunner runner;
  TempDirectory directory;
  LogDirectory logs{directory.path() / "logs", "default", {}, {directory.path()}};
  MemoryRunStore store;

 private:
  Log log_;

 public:
  Instance schedule;
};

/** The only run that there is. Throws std::logic_error where there are others, or none. */
inline const Run& only_run(const MemoryDatabase& database) {
  if (database.runs.size() == 1) return database.runs.front().run;
  throw std::logic_error("there are " + std::to_string(database.runs.size()) + " runs");
}

}  // namespace spider_check::test
