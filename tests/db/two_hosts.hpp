#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "db/migrator.hpp"
#include "support/memory_run_store.hpp"
#include "world.hpp"

namespace spider_check::test {

/** Two hosts on PostgreSQL. */
class Real {
 public:
  explicit Real(int slots = 1)
      : a_(database_, owner(1), slots), b_(database_, owner(2, "server"), slots) {
    (void)migrate(a_.session);
  }

  RunStore& a() { return a_.store; }

  RunStore& b() { return b_.store; }

  void break_connection_of_a() {
    database_.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'spider-check 1@laptop'");
    // The server's answer does not mean that the session has gone.
    while (database_.sql("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity s USING (pid) "
                         "WHERE locktype = 'advisory' AND application_name LIKE '%1@laptop'") !=
           "0") {
    }
  }

  /** As somebody who empties the table. */
  void remove_rows() { database_.sql("DELETE FROM scheduler_state"); }

  /** Of the newest run; at most one. */
  std::vector<std::string> faults() {
    const auto fault = database_.sql(
        "SELECT coalesce(faults[1], '') FROM scheduler_state ORDER BY id DESC LIMIT 1");
    return fault.empty() ? std::vector<std::string>{} : std::vector{fault};
  }

  /** Makes every instant in the table older. */
  void age(Duration by) {
    const auto seconds =
        std::to_string(by / std::chrono::microseconds(1)) + " * interval '1 microsecond'";
    database_.sql("UPDATE scheduler_state SET last_run_at = last_run_at - " + seconds +
                  ", updated_at = updated_at - " + seconds +
                  ", next_attempt_at = next_attempt_at - " + seconds);
  }

 private:
  TestDatabase database_;
  Client a_;
  Client b_;
};

/** The same on the memory store. */
class Memory {
 public:
  explicit Memory(int slots = 1)
      : a_(database_, slots, owner(1)), b_(database_, slots, owner(2, "server")) {}

  RunStore& a() { return a_; }

  RunStore& b() { return b_; }

  void break_connection_of_a() { a_.break_session(); }

  /** As somebody who empties the table. */
  void remove_rows() { database_.runs.clear(); }

  std::vector<std::string> faults() { return database_.runs.back().faults; }

  void age(Duration by) { database_.now += by; }

 private:
  MemoryDatabase database_;
  MemoryRunStore a_;
  MemoryRunStore b_;
};

/** The same instant, but for what a slow machine takes between two looks. */
inline bool about(TimePoint a, TimePoint b) {
  return a - b < std::chrono::seconds(20) && b - a < std::chrono::seconds(20);
}

}  // namespace spider_check::test
