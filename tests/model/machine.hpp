#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "history.hpp"
#include "support/fake_journal.hpp"
#include "support/memory_run_store.hpp"
#include "util/time.hpp"

namespace spider_check::test {

/** A host. Its times are those of the history: since its beginning. */
struct Machine {
  Machine(int its_number, MemoryDatabase& database)
      : number(its_number),
        name(host_name(its_number)),
        called(name),
        machine_id(32, static_cast<char>('a' + its_number)),
        ghost(database, 1, owner(0)) {}

  /** One of its processes, in this boot. */
  [[nodiscard]] Owner owner(int pid) const { return {called, boot_id(), 1, pid, 99, machine_id}; }

  [[nodiscard]] std::string boot_id() const { return name + std::to_string(boots); }

  /** Its clocks. */
  [[nodiscard]] HostTime clock(Duration now) const {
    return {boot_id(), now - booted, asleep, TimePoint(std::chrono::hours(400'000)) + now + offset};
  }

  [[nodiscard]] bool awake() const { return on && !sleeps_until; }

  int number;
  std::string name;        ///< for stories
  std::string called;      ///< its host name, which may change, and be another's
  std::string machine_id;  ///< clones share one
  bool on = false;
  int boots = 0;
  Duration booted{0};
  Duration asleep{0};
  Duration offset{0};                     ///< of its wall clock
  std::pair<Duration, Duration> offsets;  ///< the least and the greatest so far
  std::optional<Duration> sleeps_until;   ///< while it is suspended
  Duration slept_at{0};
  Duration woke{0};
  Duration next_tick{0};
  FakeDisk disk;
  Duration disk_trouble{-1};  ///< when it last was full, or its journal was deleted
  std::set<int> living;
  std::map<int, Duration> lingering;  ///< until when spiders of killed processes take their grace
  bool cut_off = false;
  Duration cut_from{0};
  Duration cut_until{0};
  Duration full_until{0};
  Duration lost{0};  ///< when a process of it last lost its connection
  int kill_at = 0;   ///< the act at which a process is killed
  int lose_at = 0;   ///< or loses its connection
  int slow_at = 0;   ///< or has to wait
  Duration slow_for{0};
  Duration slow_until{0};

  /** A session that the server does not know to be dead yet. */
  MemoryRunStore ghost;
  Duration ghost_until{0};
};

}  // namespace spider_check::test
