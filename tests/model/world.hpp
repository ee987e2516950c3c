#pragma once

#include <array>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "history.hpp"
#include "judge.hpp"
#include "machine.hpp"
#include "process.hpp"
#include "schedule/run.hpp"
#include "util/zone.hpp"

namespace spider_check::test {

/** Two hosts that share a schedule and a database, and all that happens to them. */
class World {
 public:
  static constexpr TimePoint database_epoch{std::chrono::hours(500'000)};
  /** What stands there on a host that has none. */
  static constexpr auto no_machine_id = "uninitialized";

  World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  World(World&&) = delete;
  World& operator=(World&&) = delete;
  ~World();

  /** Plays it, and then lets all be well again. Gives what it objects to, or nothing. */
  [[nodiscard]] std::string play(const Steps& history);

  /** What happened, a line each. */
  [[nodiscard]] const std::vector<std::string>& story() const { return story_; }

  void tell(const std::string& text);

  [[nodiscard]] Duration now() const { return now_; }

  [[nodiscard]] MemoryDatabase& database() { return database_; }

  [[nodiscard]] const std::vector<MemoryRun>& rows() const { return database_.runs; }

  [[nodiscard]] Judge& judge() { return judge_; }

  [[nodiscard]] const Policy& policy() const { return policy_; }

  [[nodiscard]] OnDatabaseError on_database_error() const { return on_database_error_; }

  [[nodiscard]] const Zone& zone() const;

  /** How long spiders take to stop, now and at most so far. */
  [[nodiscard]] Duration grace() const { return grace_; }

  [[nodiscard]] Duration max_grace() const { return max_grace_; }

  [[nodiscard]] int slots() const { return slots_; }

  [[nodiscard]] bool fails(const std::string& spider) const { return failing_.contains(spider); }

  /** Whether this host can reach the database. */
  [[nodiscard]] bool reaches(const Machine& machine) const;

  /** Since when it has. */
  [[nodiscard]] Duration reaches_since(const Machine& machine) const;

  /** The same of a host that neither slept nor was off. */
  [[nodiscard]] Duration out_of_reach_until(const Machine& machine) const;

  [[nodiscard]] const std::array<Machine, 2>& machines() const { return machines_; }

  /** When the rules last changed. */
  [[nodiscard]] Duration policy_since() const { return policy_since_; }

 private:
  static constexpr Duration cadence = std::chrono::minutes(5);
  /** How long a server takes to notice that a peer has gone without a word. */
  static constexpr Duration keepalives = std::chrono::seconds(100);
  /** From switching a host on, or from waking it up, to its first tick. */
  static constexpr Duration until_first_tick = std::chrono::seconds(20);

  void apply(const Step& step);
  void apply_to(Machine& machine, const Step& step);
  void boot(Machine& machine, Duration clock_change);
  void power_off(Machine& machine);
  void suspend(Machine& machine, Duration time);
  void wake(Machine& machine);
  void database_away(Duration time);
  void add_future_row(Duration ahead);
  void bring_owners_back();
  void mend();
  void advance(Duration until);
  [[nodiscard]] Duration next_event(Duration until) const;
  void happen();
  void update_outages();
  void server_drops(Machine& machine);
  void end_lingering(Machine& machine);
  void set_machine_ids(int how);
  void start(Machine& machine, Request request);
  void resume(Process& process);
  void bury();

  MemoryDatabase database_;
  std::array<Machine, 2> machines_;
  std::list<std::unique_ptr<Process>> processes_;
  Process* current_ = nullptr;
  Judge judge_{*this};
  Duration now_{0};
  Duration down_until_{0};
  Duration grace_{std::chrono::minutes(1)};
  Duration max_grace_ = grace_;
  int slots_ = 1;
  bool owners_return_ = false;  ///< when the next run is marked as interrupted
  Policy policy_;
  Duration policy_since_{0};
  OnDatabaseError on_database_error_ = OnDatabaseError::run;
  std::set<std::string> failing_;
  int pids_ = 0;
  std::vector<std::string> story_;
};

}  // namespace spider_check::test
